"""Asks row programs and edge/ on other machines and holds their answers against this one's, to the bit.

The table goes to stdout, progress to stderr; benchmarks/results/machines.json. Exit 1 when a bar is missed. `--only`
takes a few machines or models (a part of a name is enough) and writes nothing. scripts/emulated.sh and scripts/musl.sh
prepare the machines.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.machines.examine import examine, exported
from benchmarks.machines.machines import MACHINES, Machine, python_of
from benchmarks.machines.models import SERVED, recipes
from benchmarks.machines.served import served
from benchmarks.results import Bar

_PACKAGES = ("scikit-learn", "xgboost-cpu", "lightgbm", "catboost", "onnx", "onnxruntime")
#: Where exp, log, tanh or powers stand before an output (`row_program.libm` of the manifest).
_MOST_ULP = 4.0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.machines", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", metavar="PART", nargs="+", help="machines or models whose names hold one of these")
    options = parser.parse_args(arguments)
    machines = _chosen({machine.name: machine for machine in MACHINES}, options.only)
    models = _chosen(recipes(), options.only)
    started, pythons = time.monotonic(), {name: python_of(machine) for name, machine in machines.items()}
    found: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in machines}
    with tempfile.TemporaryDirectory(prefix="isoship-machines-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i, (name, recipe) in enumerate(models.items()):
            asked = exported(recipe, Path(folder) / str(i))
            for machine in machines.values():
                found[machine.name][name] = one = examine(asked, machine)
                if name in SERVED:
                    one["served"] = served(asked, machine)
                print(f"{machine.name}, {name}: {_said(one)}", file=sys.stderr)
    totals = {name: total(by_model) for name, by_model in found.items()}
    print("\n".join(table(machines, totals)))
    bars = [bar for name, one in totals.items() for bar in bars_of(name, one)]
    for bar in bars:
        print(f"{bar.name}: {bar.value:g} ({bar.sense} {bar.limit:g}) {'ok' if bar.ok else 'MISSED'}", file=sys.stderr)
    if not options.only:
        figures = {
            "machines": {name: {**machines[name].described(), "python": pythons[name]} for name in machines},
            "totals": totals,
            "models": found,
            "seconds": round(time.monotonic() - started, 1),
        }
        results.write("machines", results.document(results.environment(_PACKAGES), figures, bars))
    return 0 if all(bar.ok for bar in bars) else 1


def total(by_model: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A machine's figures over all models. exact, libm: numbers whose bits must be the same, and those that may not."""
    outputs = [output for one in by_model.values() for output in one["outputs"]]
    made: dict[str, Any] = {"models": len(by_model), "rows": sum(one["rows"] for one in by_model.values())}
    for kind, libm in (("exact", False), ("libm", True)):
        chosen = [output for output in outputs if output["libm"] is libm and not output["label"]]
        made[kind] = {
            "values": sum(output["values"] for output in chosen),
            "differ": sum(output["differ"] for output in chosen),
            "ulp": max((output["ulp"] for output in chosen), default=0.0),
            "scaled": max((output["scaled"] for output in chosen), default=0.0),
        }
    made["labels"] = sum(output["differ"] for output in outputs if output["label"])
    made |= {count: sum(one[count] for one in by_model.values()) for count in ("agrees", "flips", "ties")}
    answered = [one["served"] for one in by_model.values() if "served" in one]
    made["served"] = {
        "models": len(answered),
        "agree": sum(is_served(one) for one in answered),
        "rows": sum(one["rows"] for one in answered),
    }
    return made


def is_served(one: dict[str, Any]) -> bool:
    """Whether the row program answered for edge/ there, the self-test passed, every way had the same bits, and the
    check's runtime `edge` agreed with the model."""
    return bool(one["backend"] == "rows" and one["golden"] and one["ways"] and one["status"] == "agree")


def bars_of(name: str, total: dict[str, Any]) -> list[Bar]:
    return [
        Bar(f"{name}: numbers of other bits without libm", total["exact"]["differ"], 0, "<="),
        Bar(f"{name}: ulp of max(1, |x|) behind libm", total["libm"]["scaled"], _MOST_ULP, "<="),
        Bar(f"{name}: labels that are neither the model's nor ties", total["flips"], 0, "<="),
        Bar(f"{name}: models whose answers agree with the model's own", total["agrees"], total["models"], ">="),
        Bar(f"{name}: bundles whose edge/ agrees there", total["served"]["agree"], total["served"]["models"], ">="),
    ]


_HEAD = "machine                          rows    exact  differ     libm  differ    share  ulp  of 1  labels  edge"


def table(machines: dict[str, Machine], totals: dict[str, dict[str, Any]]) -> list[str]:
    """One line a machine: its rows, numbers whose bits must be this machine's and how many are not; numbers behind libm
    with the same, the largest difference in ulp of the number and of max(1, |number|); other labels; bundles whose
    edge/ agrees."""
    lines = [_HEAD]
    for name, one in totals.items():
        exact, libm = one["exact"], one["libm"]
        served, share = one["served"], f"{100 * libm['differ'] / max(1, libm['values']):.2f} %"
        lines.append(
            f"{machines[name].what:30} {one['rows']:6d} {exact['values']:8d} {exact['differ']:7d} {libm['values']:8d}"
            f" {libm['differ']:7d} {share:>8} {libm['ulp']:4.0f} {libm['scaled']:5.1f} {one['labels']:7d}"
            f"  {served['agree']} of {served['models']}"
        )
    return lines


def _said(one: dict[str, Any]) -> str:
    bits = "; ".join(f"{o['output']} {o['differ']} of {o['values']} differ, {o['ulp']:g} ulp" for o in one["outputs"])
    return f"{bits}; edge/ {one['served']}" if "served" in one else bits


def _chosen(every: dict[str, Any], parts: list[str] | None) -> dict[str, Any]:
    """Those whose names hold a part; all, where no part is of one's name."""
    chosen = {name: one for name, one in every.items() if parts and any(part in name for part in parts)}
    return chosen or every


if __name__ == "__main__":
    sys.exit(main())
