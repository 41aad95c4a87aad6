"""What two manifests promise differently, and what of it breaks a caller of the old one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from compared import Edit

import isoship
from bundles import make_bundle
from isoship.diffing.around import changes_around
from isoship.diffing.changes import Change, gone_and_came
from isoship.diffing.outputs import output_changes
from isoship.diffing.schema import renamings, schema_changes
from isoship.diffing.tensor_schema import tensor_changes
from isoship_edge.manifest import Column, Manifest, Output, RowProgramFacts, Signature, Tolerance
from isoship_edge.tensors.signature import Image, Input

AGE = Column("age", "double", missing=True, minimum=0.0, maximum=120.0)
CITY = Column("city", "string", categories=("Oslo", "Rome"))
LABEL = Output("label", "label", "string", ("N",), ("no", "yes"))
SCORES = Output("scores", "scores", "double", ("N",))
PROBABILITIES = Output("probabilities", "probabilities", "double", ("N", 2), ("no", "yes"))


def signature(*columns: Column, layout: str = "columns") -> Signature:
    return Signature(layout, columns)


def the_change(found: list[Change]) -> Change:
    (change,) = found
    return change


@pytest.mark.parametrize(
    ("new", "breaking", "said"),
    [
        (AGE._replace(missing=False), True, 'column "age": a missing value is refused now'),
        (AGE._replace(infinity=True), False, 'column "age": infinity is accepted now'),
        (AGE._replace(maximum=100.0), True, "a number from 0 to 120 was accepted, now a number from 0 to 100"),
        (AGE._replace(minimum=-5.0), False, "a number from 0 to 120 was accepted, now a number from -5 to 120"),
        (AGE._replace(minimum=None, exclusive_minimum=0.0), True, "now a number above 0 and at most 120"),
        (AGE._replace(minimum=None, maximum=None), False, "now any number"),
        (AGE._replace(dtype="int64"), True, 'column "age" is int64, and was double'),
        (AGE._replace(input="column_age"), True, 'column "age": V2 and ONNX call it "column_age", and called it "age"'),
    ],
)  # fmt: skip
def test_a_number_column(new: Column, breaking: bool, said: str) -> None:
    change = the_change(schema_changes(signature(AGE), signature(new)))
    assert (change.breaking, change.name) == (breaking, "age")
    assert said in change.text


@pytest.mark.parametrize(
    ("new", "breaking", "said"),
    [
        (CITY._replace(categories=("Rome", "Oslo")), None, ""),
        (CITY._replace(categories=("Oslo", "Rome", "Lima")), False, 'column "city": "Lima" accepted now'),
        (CITY._replace(categories=("Oslo",)), True, 'column "city": "Rome" refused now'),
        (CITY._replace(categories=None), False, 'column "city": now accepts values besides its categories'),
        (CITY._replace(empty="value"), True, "the empty cell of a CSV file was a missing value, now the empty text"),
    ],
)
def test_a_text_column(new: Column, breaking: bool | None, said: str) -> None:
    found = schema_changes(signature(CITY), signature(new))
    if breaking is None:
        assert found == [], "the order of categories is nobody's business"
        return
    change = the_change(found)
    assert (change.breaking, change.part) == (breaking, "contract")
    assert said in change.text


def test_a_column_that_closes_is_breaking() -> None:
    change = the_change(schema_changes(signature(CITY._replace(categories=None)), signature(CITY)))
    assert (change.breaking, change.came) == (True, ("Oslo", "Rome"))


def test_columns_that_come_and_go_and_a_renaming() -> None:
    town = CITY._replace(name="town")
    change = the_change(schema_changes(signature(AGE, CITY), signature(AGE, town)))
    assert change.text == (
        'column "city" is gone, and "town" with the same type and contract stands at its place: renamed?'
    )
    elsewhere = schema_changes(signature(AGE, CITY), signature(town, AGE))
    assert [(c.old, c.new, c.breaking) for c in elsewhere] == [("string", None, True), (None, "string", True)]
    other = schema_changes(signature(AGE, CITY), signature(AGE, town._replace(categories=None)))
    assert [c.text for c in other] == [
        'column "city" (string) is gone: rows that hold it are refused',
        'column "town" (string) is new: rows without it are refused',
    ]


def test_renamings_are_found_behind_columns_that_moved() -> None:
    first, third = Column("a", "int64"), Column("c", "int64")
    assert renamings((AGE, first, CITY), (AGE, third, CITY)) == {"a": "c"}
    assert renamings((AGE, first, CITY), (CITY, AGE, third)) == {"a": "c"}
    assert renamings((AGE, first), (AGE, Column("b", "double"))) == {}


@pytest.mark.parametrize(("layout", "breaking"), [("columns", False), ("matrix", True)])
def test_another_order_breaks_those_who_go_by_place(layout: str, breaking: bool) -> None:
    x, y = Column("x", "double"), Column("y", "double")
    change = the_change(schema_changes(signature(x, y, layout=layout), signature(y, x, layout=layout)))
    assert (change.breaking, change.old, change.new) == (breaking, ["x", "y"], ["y", "x"])


def test_the_two_layouts() -> None:
    x = Column("x", "double")
    change = the_change(schema_changes(signature(x, layout="matrix"), signature(x)))
    assert (change.breaking, change.text[:48]) == (True, "the graph takes named columns, and took one matr")


def manifest(*outputs: Output, **more: Any) -> Manifest:
    double = {"double": Tolerance(1e-9, 1e-9, "sums")}
    known = {o.name: double for o in outputs}
    return Manifest("m", "1", "sha256:0", signature(AGE), outputs, known, None, {}, {}, **more)


@pytest.mark.parametrize(
    ("new", "breaking", "said"),
    [
        ((LABEL,), True, 'output "probabilities" (probabilities) is gone'),
        ((LABEL, PROBABILITIES, SCORES), False, 'output "scores" (scores) is new'),
        ((LABEL, PROBABILITIES._replace(classes=("yes", "no"))), True, "its classes have another order"),
        ((LABEL, PROBABILITIES._replace(classes=("no", "oui"))), True, 'of its classes "yes" went; "oui" came'),
        ((LABEL, PROBABILITIES._replace(dtype="float")), True, "is probabilities in float, and was pro"),
        ((LABEL._replace(classes=("yes", "no")), PROBABILITIES), None, ""),
    ],
)  # fmt: skip
def test_outputs(new: tuple[Output, ...], breaking: bool | None, said: str) -> None:
    found = output_changes(manifest(LABEL, PROBABILITIES), manifest(*new))
    if breaking is None:
        assert found == [], "a label says its class itself"
        return
    change = the_change(found)
    assert (change.breaking, said in change.text) == (breaking, True), change


def test_a_class_is_another_where_only_its_type_is() -> None:
    assert gone_and_came((True, 1, "a"), (1, "1", "a")) == ((True,), ("1",))


def test_a_tolerance_is_named_and_breaks_nobody() -> None:
    wide = manifest(PROBABILITIES)._replace(tolerances={"probabilities": {"double": Tolerance(1e-6, 0.0, "exp")}})
    change = the_change(output_changes(manifest(PROBABILITIES), wide))
    assert (change.part, change.breaking) == ("tolerances", False)
    assert "is 1e-06 + 0 × |answer|, and was 1e-09 + 1e-09 × |answer|" in change.text


def test_inputs_of_tensors() -> None:
    image = Input("image", "uint8", ("N", 8, 8, 3), image=Image("rgb"))
    tokens = Input("tokens", "int64", ("N", "T"), minimum=0, maximum=10, largest={"T": 64})

    def found(*new: Input) -> list[tuple[str, bool]]:
        changes = tensor_changes(Signature("tensors", (), (image, tokens)), Signature("tensors", (), new))
        return [(c.text, c.breaking) for c in changes]

    assert found(image, tokens) == []
    assert found(image) == [('input "tokens" (int64 [N, T]) is gone: calls that hold it are refused', True)]
    assert found(image, tokens, Input("mask", "bool", ("N",))) == [
        ('input "mask" (bool [N]) is new: calls without it are refused', True)
    ]
    assert found(image._replace(shape=("N", 9, 9, 3)), tokens) == [
        ('input "image" is uint8 [N, 9, 9, 3], and was uint8 [N, 8, 8, 3]', True)
    ]
    assert found(image._replace(image=None), tokens) == [
        ('input "image": it takes no pictures, and took rgb pictures', True)
    ]
    assert found(image, tokens._replace(maximum=9))[0][1]
    assert found(image, tokens._replace(maximum=20)) == [('input "tokens": 0 to 10 was accepted, now 0 to 20', False)]
    assert found(image, tokens._replace(largest={"T": 32}))[0][1]
    assert not found(image, tokens._replace(largest=None))[0][1]


def test_targets_sizes_engines_and_versions_are_named_and_break_nobody(tmp_path: Path, edit: Edit) -> None:
    plain = make_bundle(tmp_path / "visits")

    def later(document: dict[str, Any]) -> None:
        document["provenance"] |= {"library_version": "3", "targets": "lambda,edge"}
        document["row_program"] = {"libm": ["probabilities"], "most_rows": {"lambda": 8}}

    after = edit(plain, later)
    (after / "edge").mkdir()
    (after / "edge" / "run").write_text("x" * 2048, encoding="utf-8")
    (after / "model.onnx").write_bytes((after / "model.onnx").read_bytes() + b" ")
    found = changes_around(isoship.Bundle.open(plain), isoship.Bundle.open(after))
    assert not any(c.breaking for c in found)
    texts = {c.part: c.text for c in found}
    assert texts["provenance"] == "library_version: 3, was 2"
    assert texts["engines"] == "the row program: there; it was none"
    assert "model.onnx takes" in texts["sizes"]
    assert [c.text for c in found if c.part == "targets"] == ["lambda/ is shipped now", "edge/ is shipped now"]
    back = changes_around(isoship.Bundle.open(after), isoship.Bundle.open(plain))
    gone = ["lambda/ is not shipped any more", "edge/ is not shipped any more"]
    assert [c.text for c in back if c.part == "targets"] == gone


def test_the_border_of_the_engines() -> None:
    from isoship.diffing.around import _engines

    old = manifest(LABEL, row_program=RowProgramFacts((), None, {"lambda": 8, "edge": 100}))
    new = manifest(LABEL, row_program=RowProgramFacts(("label",), None, {"lambda": 4, "edge": 100}))
    assert [c.text for c in _engines(old, new)] == [
        'outputs whose last bits hang on the platform: "label"; they were none',
        "lambda: the row program answers up to 4 rows of a request, and answered up to 8",
    ]
    lacks = manifest(LABEL, row_program=RowProgramFacts((), "LSTM is not in it"))
    assert next(iter(_engines(old, lacks))).text == "the row program: none: LSTM is not in it; it was there"
