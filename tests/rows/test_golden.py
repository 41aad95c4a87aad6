"""Golden rows: compact, covering, synthetic, and answered by the source."""

import json

import pytest

from formula import CITIES, CLASSES, SIGNATURE, FormulaSource, formula_graph
from isoship.rows.golden import golden_rows
from isoship.rows.structure import column_profiles
from isoship_edge.encoding.golden import decode


@pytest.fixture(scope="module")
def document():
    return golden_rows(FormulaSource(), column_profiles(formula_graph(), SIGNATURE), seed=0)


def test_it_is_compact_json_with_an_answer_and_a_margin_for_every_row(document):
    count = len(document["rows"])
    assert 24 <= count <= 200
    assert len(document["kinds"]) == len(document["margin"]) == count
    assert {name: len(values) for name, values in document["expected"].items()} == {
        "label": count,
        "probabilities": count,
    }
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_it_covers_every_class_category_and_kind(document):
    assert set(document["expected"]["label"]) == set(CLASSES)
    assert set(CITIES) | {None} <= {row["city"] for row in document["rows"]}
    assert {"ordinary", "category", "unseen", "missing", "extreme", "boundary", "text"} <= set(document["kinds"])


def test_the_answers_are_those_of_the_source_bit_by_bit(document):
    rows = [{name: decode(value) for name, value in row.items()} for row in document["rows"]]
    answers = FormulaSource().answers(rows)
    assert decode(document["expected"]["probabilities"]) == answers.outputs["probabilities"].tolist()
    assert decode(document["margin"]) == answers.margin.tolist()


def test_refused_rows_are_refused_by_the_source_where_the_reason_is_the_sources(document):
    reasons = {r["why"] for r in document["refused"]}
    assert {"missing", "infinite", "type", "absent", "unknown"} <= reasons
    for r in document["refused"]:
        if r["why"] in ("missing", "infinite"):
            row = {name: decode(value) for name, value in r["row"].items()}
            with pytest.raises(Exception, match="Input contains"):
                FormulaSource().answers([row])


def test_a_refusal_that_the_source_does_not_share_is_left_out():
    class Lenient(FormulaSource):
        def answers(self, rows):
            return super().answers([{**r, "weight": 65.0 if r["weight"] is None else r["weight"]} for r in rows])

    document = golden_rows(Lenient(), column_profiles(formula_graph(), SIGNATURE), seed=0)
    assert "missing" not in {r["why"] for r in document["refused"]}


def test_sample_rows_stand_in_it_only_when_asked_for(document):
    sample = [{"height": 181.5, "weight": 77.25, "city": "Rome"}]
    with_sample = golden_rows(FormulaSource(), column_profiles(formula_graph(), SIGNATURE), seed=0, sample=sample)
    assert with_sample["rows"][0] == sample[0]
    assert with_sample["kinds"][0] == "sample"
    assert sample[0] not in document["rows"]


def test_no_double_could_be_mistaken_for_a_measurement(document):
    short = {
        value
        for row, kind in zip(document["rows"], document["kinds"], strict=True)
        if kind not in ("extreme", "boundary")
        for value in (row["height"], row["weight"])
        if value is not None and len(str(value)) <= 7
    }
    assert short == set()
