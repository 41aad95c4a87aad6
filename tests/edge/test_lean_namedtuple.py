"""The named tuples of a cold start are those of the standard library, as far as anything here asks."""

from __future__ import annotations

import copy
import pickle
import typing
from typing import Any

import pytest

from isoship_edge import lean_namedtuple as named
from isoship_edge.manifest import Column


class Ours(named.NamedTuple):
    """Of ours."""

    x: int
    label: str = "a"
    more: tuple[int, ...] = ()

    @property
    def twice(self) -> int:
        return 2 * self.x

    def shifted(self, by: int) -> Ours:
        return self._replace(x=self.x + by)


class Theirs(typing.NamedTuple):
    """Of ours."""

    x: int
    label: str = "a"
    more: tuple[int, ...] = ()


MADE: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((1,), {}), ((1, "b"), {}), ((1, "b", (2,)), {}), ((), {"x": 3}), ((1,), {"more": (4,)}),
    ((), {"more": (), "x": 0}),
]  # fmt: skip
REFUSED: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}), ((1, "b", (), 4), {}), ((1,), {"x": 2}), ((1,), {"other": 2}), ((), {"label": "b"}),
    ((1, "b", ()), {"x": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("values", "by_name"), MADE, ids=str)
def test_it_is_what_the_standard_library_makes(values: tuple[Any, ...], by_name: dict[str, Any]) -> None:
    ours, theirs = Ours(*values, **by_name), Theirs(*values, **by_name)
    assert ours == theirs
    assert hash(ours) == hash(theirs)
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert ours._asdict() == theirs._asdict()
    assert (ours.x, ours.label, ours.more) == (theirs.x, theirs.label, theirs.more)
    assert ours._replace(label="c") == theirs._replace(label="c")
    assert type(ours._replace(x=1)) is Ours
    assert pickle.loads(pickle.dumps(ours)) == copy.deepcopy(ours) == ours


@pytest.mark.parametrize(("values", "by_name"), REFUSED, ids=str)
def test_what_does_not_fit_is_a_type_error_in_both(values: tuple[Any, ...], by_name: dict[str, Any]) -> None:
    for kind in (Ours, Theirs):
        with pytest.raises(TypeError):
            kind(*values, **by_name)


def test_classes_have_fields_and_methods() -> None:
    assert Ours._fields == Theirs._fields == ("x", "label", "more")
    assert Ours._field_defaults == Theirs._field_defaults
    assert (Ours(2).twice, Ours(2).shifted(3).x, Ours.__doc__) == (4, 5, "Of ours.")
    match Ours(1, "b"):
        case Ours(x, label):
            assert (x, label) == (1, "b")
    with pytest.raises(AttributeError):
        Ours(1).x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Ours(1).y = 2  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        Ours(1)._replace(y=2)
    assert Column("a", "double", minimum=1.0).lowest == 1.0
