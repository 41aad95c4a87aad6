"""Pipelines over mixed columns answer as their graphs do, and refuse what their contracts refuse."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from agreement import Runner, Tally, faults
from catalogue import Case, all_cases
from hostile import rows_for
from tables import TABLES, targets

from isoship.sources import open_source
from isoship.sources.contract import Row, Source


def fitted(case: Case) -> tuple[Any, Any]:
    """The model of a case, fitted on its seeded table, and the table."""
    rng = np.random.default_rng(sorted(TABLES).index(case.table))
    frame = TABLES[case.table](rng)
    y = targets(frame, rng)[case.target]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        model = case.build()
        return (model.fit(frame) if y is None else model.fit(frame, y)), frame


CASES = all_cases()


@pytest.mark.parametrize("name", CASES)
def test_pipeline_and_graph_agree_on_every_kind_of_row(name: str) -> None:
    case = CASES[name]
    model, frame = fitted(case)
    source = open_source(model, sample=frame, outputs=case.outputs or None)
    graph = source.to_onnx()
    run, tally = Runner(graph), Tally()
    found = []
    for kind, rows in rows_for(source, graph, frame).items():
        found += faults(source, run, kind, rows, tally)
    assert not found, "\n".join(map(str, found))
    assert tally.compared > 200
    assert tally.undecided < 0.02 * tally.compared, tally


def faults_of(source: Source, graph: Any, frame: Any, rows: dict[str, list[Row]] | None = None) -> set[str]:
    """The kinds of rows on which there is a fault."""
    run = Runner(graph)
    rows = rows or rows_for(source, graph, frame)
    return {fault.kind for kind, each in rows.items() for fault in faults(source, run, kind, each, Tally())}


def test_thresholds_one_ulp_off_are_found() -> None:
    from onnx import numpy_helper

    model, frame = fitted(CASES["passengers-hist"])
    source = open_source(model, sample=frame)
    graph = source.to_onnx()
    rows = rows_for(source, graph, frame)
    trees = next(node for node in graph.graph.node if node.op_type == "TreeEnsemble")
    splits = next(attribute for attribute in trees.attribute if attribute.name == "nodes_splits")
    moved = np.nextafter(numpy_helper.to_array(splits.t), -np.inf)
    splits.t.CopyFrom(numpy_helper.from_array(moved, splits.t.name))
    assert "threshold" in faults_of(source, graph, frame, rows)


def test_a_word_taken_for_another_is_found() -> None:
    """Composed and decomposed accents as one category."""
    model, frame = fitted(CASES["surveys-bayes"])
    source = open_source(model, sample=frame)
    graph = source.to_onnx()
    changed = 0
    for node in graph.graph.node:
        for attribute in node.attribute:
            for i, key in enumerate(attribute.strings):
                if key == "Ma\u0301laga".encode():
                    attribute.strings[i] = b"\xc4\x80"
                    changed += 1
    assert changed
    assert "training" in faults_of(source, graph, frame)


@pytest.mark.parametrize("strict", [True, False], ids=["too strict", "too lax"])
def test_a_contract_that_differs_from_the_model_is_found(strict: bool) -> None:
    model, frame = fitted(CASES["credit-strict-categories" if not strict else "churn-logistic"])
    source = open_source(model, sample=frame)
    columns = [
        column._replace(missing=not strict) if column.dtype == "double" and column.missing is strict else column
        for column in source.signature.columns
    ]
    assert columns != list(source.signature.columns)
    source.signature = source.signature._replace(columns=tuple(columns))
    assert "missing" in faults_of(source, source.to_onnx(), frame)
