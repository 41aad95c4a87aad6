"""docs/cli.md and docs/python.md out of the code: `python scripts/reference.py` prints them, `--write` puts them there.

Commands and options come from the parsers, Python's names from `isoship.__all__` with what those functions return.
"""

# ruff: noqa: T201 - a command line prints

from __future__ import annotations

import argparse
import dataclasses
import importlib
import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

import isoship
from isoship import errors
from isoship.cli import main as program
from isoship_edge.__main__ import _parser

ROOT = Path(__file__).resolve().parent.parent
PAGES = {"cli": ROOT / "docs" / "cli.md", "python": ROOT / "docs" / "python.md"}
#: Classes whose objects public functions give, with what gives them.
RETURNED = (
    ("isoship.exporting", "Exported", "what `isoship.export` returns: a `Bundle`, with"),
    ("isoship_edge.inference.model", "Model", "what `isoship.load` returns for a model of columns"),
    ("isoship_edge.tensors.model", "TensorModel", "what `isoship.load` returns for a model of tensors"),
    ("isoship.parity.verdict.compare", "Verdict", "one of `ParityReport.verdicts`"),
    ("isoship.parity.verdict.cause", "Cause", "`Verdict.cause`, where a runtime disagrees"),
    ("isoship.parity.verdict.step", "Step", "`Cause.step`, where the source is at hand"),
)
_HELD = "<!-- not run: {}, held by tests/documents/test_reference.py -->"
#: Of commands that docstrings name (tests/documents/pages.py).
_SAID = """\
<!-- run by tests/deploy/deploy_image.py: `sam build` as `aws.sam(bundle, "build")` -->
<!-- not run: `isoship inspect --json`: the sentence leaves the bundle out -->"""
_MADE = "`scripts/reference.py --write` writes this page from the code, and a test fails where it is not so."


def command_line() -> str:
    """The page of commands."""
    parts = [
        f"# Command line\n\n{_MADE}",
        "Data goes to stdout (with `--json` nothing else does), progress and messages to stderr. Exit codes: 0 done and"
        " agreed, 1 a shipped form disagrees with the model, 2 it could not be done and the message says why, 130"
        " interrupted.",
        f"## isoship\n\n{_options(program.params)}",
    ]
    for name in sorted(program.commands):
        command = program.commands[name]
        arguments = [p.make_metavar(click.Context(command)) for p in command.params if isinstance(p, click.Argument)]
        usage = _block("a usage line", " ".join(["isoship", name, *arguments, "[OPTIONS]"]))
        parts.append(f"### isoship {name}\n\n{usage}\n\n{_help(command.help or '')}\n\n{_options(command.params)}")
    parser = _parser()
    (commands,) = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    parts.append(
        f"## edge/run\n\n{parser.description} The folder `edge/` of a bundle holds it, and needs Python alone."
    )
    for action in commands._get_subactions():
        actions = [each for each in commands.choices[action.dest]._actions if each.dest != "help"]
        given = [each.metavar or each.dest.upper() for each in actions if not each.option_strings]
        usage = _block("a usage line", " ".join(["edge/run", action.dest, *map(str, given), "[OPTIONS]"]))
        rows = [(_names(each), _shown(each.default), (each.help or "").partition(" (default:")[0]) for each in actions]
        parts.append(f"### edge/run {action.dest}\n\n{usage}\n\n{_sentence(action.help or '')}\n\n{_table(rows)}")
    return "\n\n".join(parts) + "\n"


def python() -> str:
    """The page of Python's names."""
    named = {name: getattr(isoship, name) for name in isoship.__all__ if name != "__version__"}
    functions = {name: each for name, each in named.items() if inspect.isfunction(each)}
    raised = {name: each for name, each in named.items() if inspect.isclass(each) and issubclass(each, Exception)}
    classes = {name: each for name, each in named.items() if name not in {*functions, *raised}}
    parts = [
        f"# Python\n\n{_SAID}\n{_MADE}\n\n`import isoship` imports nothing heavy; `isoship.__version__` is the release."
    ]
    parts += ["## Functions", *(_function(f"isoship.{name}", each) for name, each in functions.items())]
    parts += ["## Classes", *(_class(f"isoship.{name}", each, "") for name, each in classes.items())]
    parts.append("## What they return")
    for module, name, said in RETURNED:
        parts.append(_class(name, getattr(importlib.import_module(module), name), said))
    tree = str(errors.__doc__).partition("\n\n")[2].partition("\n\n")[0]
    drawing = _block("the tree of errors", tree)
    parts.append(f"## Errors\n\nThe number is the exit code that each becomes on the command line.\n\n{drawing}")
    parts.append("\n".join(f"- `isoship.{name}`: {_joined(each.__doc__ or '')}" for name, each in raised.items()))
    return "\n\n".join(parts) + "\n"


def _function(name: str, function: Any) -> str:
    signature = inspect.signature(function)
    text = prose(inspect.getdoc(function) or "", tuple(signature.parameters))
    return f"### {name}\n\n{_block('a signature', _signature(name, signature), 'python')}\n\n{text}"


def _class(name: str, cls: Any, said: str) -> str:
    fields = tuple(field.name for field in dataclasses.fields(cls)) if dataclasses.is_dataclass(cls) else ()
    own = vars(cls).get("__annotations__", {})
    parts = [f"### {name}"]
    if said:
        more = " " + ", ".join(f"`{field}`" for field in own) if said.endswith("with") else ""
        parts.append(f"{said[0].upper()}{said[1:]}{more}.")
    parts.append(prose(inspect.cleandoc(cls.__doc__ or ""), fields))
    if fields and not said.endswith("with"):
        parts.append("Its fields: " + ", ".join(f"`{field}`" for field in fields) + ".")
    members = [(key, each) for key, each in vars(cls).items() if not key.startswith("_") and _documented(each)]
    for key, each in members:
        inner = each.__func__ if isinstance(each, (classmethod, staticmethod)) else each
        if isinstance(each, property):
            parts.append(f"**{key}**\n\n{prose(inspect.getdoc(each.fget) or '', ())}")
        else:
            signature = inspect.signature(inner)
            shown = _signature(key, signature.replace(parameters=[*signature.parameters.values()][1:]))
            text = prose(inspect.getdoc(inner) or "", tuple(signature.parameters))
            parts.append(f"{_block('a signature', shown, 'python')}\n\n{text}")
    return "\n\n".join(part for part in parts if part)


def _documented(member: Any) -> bool:
    inner = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
    return inspect.isfunction(inner) and bool(inner.__doc__)


def _signature(name: str, signature: inspect.Signature) -> str:
    """As it would be written: on one line where that is short, else a parameter a line."""
    parts = []
    starred = False
    for each in signature.parameters.values():
        if each.kind is each.KEYWORD_ONLY and not starred:
            parts.append("*")
            starred = True
        starred |= each.kind is each.VAR_POSITIONAL
        star = {each.VAR_POSITIONAL: "*", each.VAR_KEYWORD: "**"}.get(each.kind, "")
        kind = "" if each.annotation is each.empty else f": {each.annotation}"
        default = "" if each.default is each.empty else f" = {each.default!r}"
        parts.append(f"{star}{each.name}{kind}{default}")
    gives = "" if signature.return_annotation is signature.empty else f" -> {signature.return_annotation}"
    line = f"{name}({', '.join(parts)}){gives}"
    return line if len(line) <= 100 else "\n".join([f"{name}(", *(f"    {part}," for part in parts), f"){gives}"])


def prose(text: str, names: Sequence[str]) -> str:
    """A docstring as Markdown: `name: what it is` as an entry of a list where the name is one of these."""
    made = []
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        first, _, rest = paragraph.partition("\n")
        if first == "Raises:":
            made.append("Raises:\n\n" + "\n".join(f"- {entry}" for entry in _entries(inspect.cleandoc(rest), None)))
            continue
        entries = list(_entries(paragraph, names))
        listed = [entry.startswith("`") for entry in entries]
        lines = [f"- {entry}" if entry.startswith("`") else entry for entry in entries]
        gap = "\n\n" if not all(listed) and any(listed) else "\n"
        made.append(gap.join(["\n".join(lines)] if gap == "\n" else _grouped(lines)))
    return "\n\n".join(made)


def _grouped(lines: Sequence[str]) -> list[str]:
    """Entries of a list stay together; text around them stands alone."""
    groups: list[str] = []
    for line in lines:
        if groups and line.startswith("- ") and groups[-1].startswith("- "):
            groups[-1] += f"\n{line}"
        else:
            groups.append(line)
    return groups


def _entries(text: str, names: Sequence[str] | None) -> Iterator[str]:
    """What a paragraph says, an entry for each `name: ...` that begins a sentence. names None: names of errors."""
    joined, starts = _joined(text), [0]
    for found in re.finditer(r"(?:(?<=^)|(?<=[.;)] ))(\w+(?:, \w+)*): ", joined):
        said = found[1].split(", ")
        if all(name[0].isupper() if names is None else name in names for name in said):
            starts.append(found.start())
    for start, end in pairwise([*dict.fromkeys(starts), len(joined)]):
        entry = joined[start:end].strip()
        found = re.match(r"(\w+(?:, \w+)*): ", entry) if start in starts[1:] else None
        quoted = "" if found is None else ", ".join(f"`{name}`" for name in found[1].split(", "))
        yield entry if found is None else f"{quoted}: {entry[found.end() :]}"


def _help(text: str) -> str:
    """A command's help as Markdown; what click leaves as it stands (\\b) is a block."""
    made = []
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        if paragraph.startswith("\b"):
            head, _, rest = paragraph.removeprefix("\b\n").partition("\n")
            made.append(f"{head}\n\n{_block('what help shows as it stands', inspect.cleandoc(rest))}")
        else:
            made.append(_joined(paragraph))
    return "\n\n".join(made)


def _options(params: Sequence[click.Parameter]) -> str:
    rows = []
    for each in params:
        if not isinstance(each, click.Option):
            continue
        kind = each.type
        value = (
            "|".join(map(str, kind.choices)) if isinstance(kind, click.Choice) else each.metavar or kind.name.upper()
        )
        names = ", ".join(each.opts)
        shown = _shown(each.default) if each.show_default else ""
        rows.append((names if each.is_flag else f"{names} {value}", shown, each.help or ""))
    return _table(rows)


def _names(action: argparse.Action) -> str:
    """An argument of argparse's as its help has it."""
    value = "" if action.nargs == 0 else str(action.metavar or action.dest.upper())
    return f"{', '.join(action.option_strings)} {value}".strip()


def _table(rows: Sequence[tuple[str, str, str]]) -> str:
    cells = [(f"`{name}`", f"`{default}`" if default else "", said) for name, default, said in rows]
    lines = ["| | default | |", "|---|---|---|"]
    return "\n".join(lines + [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in cells])


def _shown(default: Any) -> str:
    nothing = default is None or isinstance(default, bool) or "Sentinel" in type(default).__name__
    return "" if nothing else str(default)


def _block(what: str, text: str, language: str = "text") -> str:
    return f"{_HELD.format(what)}\n```{language}\n{text}\n```"


def _joined(text: str) -> str:
    return " ".join(text.split())


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def pages() -> dict[Path, str]:
    """Each page and what stands in it."""
    return {PAGES["cli"]: command_line(), PAGES["python"]: python()}


def main() -> int:
    for path, text in pages().items():
        if "--write" in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
        else:
            print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
