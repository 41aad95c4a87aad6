"""The forms that a bench measures, by name. Looking one up imports none of them.

| name | what answers | of bundles that ship |
|---|---|---|
| python | `isoship.load(bundle).predict`, in a process of its own | model.onnx, as all do |
| edge | `edge/run serve`, asked over HTTP | edge/ |
| lambda | the handler in lambda/ under the real runtime client, by the direct path | lambda/ |
| web | web/index.js in Node | web/ |
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from isoship.errors import InputError

if TYPE_CHECKING:
    from isoship.benching.contract import Form
    from isoship.parity.runners.contract import Shipped


class Entry(NamedTuple):
    """target: what a bundle has to ship; "" for every bundle. sizes: keys of `Bundle.sizes`, the form's own first."""

    target: str
    module: str
    attribute: str
    sizes: tuple[str, ...]


_HERE = "isoship.benching"
FORMS: dict[str, Entry] = {
    "python": Entry("", f"{_HERE}.loaded", "LoadedForm", ("model.onnx",)),
    "edge": Entry("edge", f"{_HERE}.edge", "EdgeForm", ("edge/",)),
    "lambda": Entry("lambda", f"{_HERE}.aws_lambda", "LambdaForm", ("lambda/", "lambda.zip")),
    "web": Entry("web", f"{_HERE}.web", "WebForm", ("web/",)),
}


def chosen(shipped: Shipped, names: Sequence[str]) -> tuple[str, ...]:
    """The forms that this bundle ships, or those of `names`, in the order of `FORMS`.

    Raises:
        InputError: there is no such form, or this bundle does not ship it.
    """
    there = [name for name, entry in FORMS.items() if entry.target in ("", *shipped.targets)]
    for name in names:
        if name not in FORMS:
            raise InputError(f"there is no form {name!r}: choose from {', '.join(FORMS)}")
        if name not in there:
            raise InputError(
                f"this bundle ships no {FORMS[name].target}/, only {', '.join(there)}:"
                " isoship export ... --targets writes others"
            )
    return tuple(name for name in there if not names or name in names)


def open_form(name: str) -> Form:
    """A form, not yet prepared."""
    entry = FORMS[name]
    form: Form = getattr(importlib.import_module(entry.module), entry.attribute)()
    return form
