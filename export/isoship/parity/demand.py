"""Which runtimes a check asks, and which of the bundle's forms have to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from isoship.parity import runners as registry
from isoship.parity.runners.contract import Shipped
from isoship.parity.web_graph import STOCK, state_of
from isoship_edge.manifest import ROW_FILES

NOT_RUN = "not run: files of this bundle are not those that were exported (`files` names them)"


@dataclass(frozen=True)
class Demand:
    """What is asked of a check. runtimes: by name. required, shipped, partial: as in its report."""

    runtimes: tuple[str, ...]
    required: tuple[str, ...]
    shipped: tuple[str, ...] = ()
    partial: bool = True


def demand_of(shipped: Shipped, runtimes: Sequence[str] | None) -> Demand:
    """Every runtime that proves a form of this bundle, or those that are named.

    Raises:
        InputError: no runtime of such bundles has this name.
    """
    layout = layout_of(shipped)
    if runtimes:
        for name in runtimes:
            registry.open_runner(name, layout)
        return Demand(tuple(runtimes), tuple({registry.target_of(name): None for name in runtimes}))
    stock = (STOCK,) if "web" in shipped.targets and state_of(shipped) != "spared" else ()
    proven = dict.fromkeys(("model", *rows_of(shipped), *rows_web_of(shipped), *shipped.targets, *stock))
    names = tuple(name for name in registry.available(layout=layout) if registry.target_of(name) in proven)
    return Demand(names, tuple(proven), shipped.targets, partial=False)


def not_asked(runner: Any) -> bool:
    """Whether a runtime stays out where files were changed: it runs what ships, or opens it as its users do."""
    return runner.target != "model" or bool(getattr(runner, "as_users", False))


def rows_of(shipped: Shipped) -> tuple[str, ...]:
    """The form "rows" of a bundle that has a row program."""
    facts = shipped.manifest.row_program
    return () if facts is None or facts.lacks is not None else ("rows",)


def rows_web_of(shipped: Shipped) -> tuple[str, ...]:
    """The form "rows-web" of a bundle whose web/ has the row program, too."""
    return ("rows-web",) if "web" in shipped.targets and f"web/{ROW_FILES[0]}" in shipped.manifest.files else ()


def layout_of(shipped: Shipped) -> str:
    """tensors, or columns for either layout of those."""
    return "tensors" if shipped.manifest.signature.layout == "tensors" else "columns"
