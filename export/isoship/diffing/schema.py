"""The columns of two bundles, and what each accepts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from isoship.diffing.changes import Change, gone_and_came, name_of
from isoship_edge.encoding.words import listed, within
from isoship_edge.manifest import Column, Signature

_EMPTY = {None: "a missing value", "value": "the empty text", "quoted": "the empty text in quotes, and else missing"}


def schema_changes(old: Signature, new: Signature) -> list[Change]:
    """Columns that went, came or have another type or place, then the contract of those that stayed."""
    before, after = ({c.name: c for c in s.columns} for s in (old, new))
    renamed = renamings(old.columns, new.columns)
    found = list(_columns(before, after, renamed))
    if old.layout != new.layout:
        layout = {"matrix": "one matrix of numbers", "columns": "named columns"}
        text = f"the graph takes {layout[new.layout]}, and took {layout[old.layout]}: V2 and arrays are asked otherwise"
        found.append(Change("columns", "", text, True, old.layout, new.layout))
    stayed = [name for name in before if name in after]
    order = [name for name in after if name in before]
    if stayed != order:
        by_place = new.layout == "matrix"
        why = ": arrays, and V2's X, go by place" if by_place else ": arrays go by place, all else by name"
        found.append(Change("columns", "", f"the columns have another order{why}", by_place, stayed, order))
    for name in stayed:
        if before[name].dtype == after[name].dtype:
            found += contract_changes(before[name], after[name])
    return found


def renamings(old: Sequence[Column], new: Sequence[Column]) -> dict[str, str]:
    """A column that went and one that came at its place, with the same type and contract: a renaming, perhaps."""
    shared = {c.name for c in old} & {c.name for c in new}
    came = {_place(new, i, shared): c for i, c in enumerate(new) if c.name not in shared}
    found = {}
    for i, column in enumerate(old):
        other = None if column.name in shared else came.get(_place(old, i, shared))
        if other is not None and _nameless(column) == _nameless(other):
            found[column.name] = other.name
    return found


def contract_changes(old: Column, new: Column) -> Iterator[Change]:
    """What is accepted in a column of one name and type. Refusing what was accepted is breaking, the rest is not."""
    name, column = old.name, f"column {name_of(old.name)}"
    for what, was, now in (
        ("a missing value", old.missing, new.missing),
        ("infinity", old.infinity, new.infinity),
    ):
        if was != now:
            text = f"{column}: {what} is {'refused' if was else 'accepted'} now"
            yield Change("contract", name, text, was, was, now)
    if (old.lowest, old.highest) != (new.lowest, new.highest):
        was_taken, taken = _range(old), _range(new)
        narrower = new.lowest > old.lowest or new.highest < old.highest
        text = f"{column}: {was_taken} was accepted, now {taken}"
        yield Change("contract", name, text, narrower, was_taken, taken)
    if old.categories is None or new.categories is None:
        if old.categories is not None or new.categories is not None:
            closed = new.categories is not None
            what = "its categories alone" if closed else "values besides its categories"
            yield Change("contract", name, f"{column}: now accepts {what}", closed, came=new.categories or ())
    else:
        gone, came = gone_and_came(old.categories, new.categories)
        if gone or came:
            said = [f"{listed(values)} {word}" for values, word in ((gone, "refused"), (came, "accepted")) if values]
            text = f"{column}: {' now, '.join(said)} now"
            yield Change("contract", name, text, bool(gone), gone=gone, came=came)
    if old.empty != new.empty:
        text = f"{column}: the empty cell of a CSV file was {_EMPTY[old.empty]}, now {_EMPTY[new.empty]}"
        yield Change("contract", name, text, True, old.empty, new.empty)
    if old.tensor != new.tensor:
        text = f"{column}: V2 and ONNX call it {name_of(new.tensor)}, and called it {name_of(old.tensor)}"
        yield Change("columns", name, text, True, old.tensor, new.tensor)


def _columns(before: dict[str, Column], after: dict[str, Column], renamed: dict[str, str]) -> Iterator[Change]:
    for name, column in before.items():
        if name in renamed:
            other = renamed[name]
            text = (
                f"column {name_of(name)} is gone, and {name_of(other)} with the same type and contract stands at its"
                " place: renamed?"
            )
            yield Change("columns", name, text, True, name, other)
        elif name not in after:
            text = f"column {name_of(name)} ({column.dtype}) is gone: rows that hold it are refused"
            yield Change("columns", name, text, True, column.dtype, None)
        elif after[name].dtype != column.dtype:
            text = f"column {name_of(name)} is {after[name].dtype}, and was {column.dtype}"
            yield Change("columns", name, text, True, column.dtype, after[name].dtype)
    for name, column in after.items():
        if name not in before and name not in renamed.values():
            text = f"column {name_of(name)} ({column.dtype}) is new: rows without it are refused"
            yield Change("columns", name, text, True, None, column.dtype)


def _place(columns: Sequence[Column], place: int, shared: set[str]) -> tuple[str | None, int]:
    """The last shared column before it, and how far behind that it stands."""
    for back in range(1, place + 1):
        if columns[place - back].name in shared:
            return columns[place - back].name, back
    return None, place


def _nameless(column: Column) -> Column:
    return column._replace(name="", input=None)


def _range(column: Column) -> str:
    ends = (column.minimum, column.maximum, column.exclusive_minimum, column.exclusive_maximum)
    return "any number" if ends == (None,) * 4 else within("a number", column)
