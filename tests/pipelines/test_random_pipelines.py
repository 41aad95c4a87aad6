"""Random pipelines on random rows: the graph answers as the model does, or isoship refuses before it writes anything.

Cases are drawn by hypothesis from `drawn_cases` and are the same in every run. ISOSHIP_CASES says how many.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from typing import Any

import numpy as np
import pytest
from drawn_cases import cases
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis.internal.conjecture import providers
from trial import tried

from isoship.errors import UnsupportedModelError
from isoship.sources.sklearn.walk import registry
from isoship.sources.sklearn.walk.frame import Block

CASES = int(os.environ.get("ISOSHIP_CASES", "150"))
#: What stands last -> its share of the cases. Those that cost least are drawn most.
FAMILIES = {"transformer": 0.55, "classifier": 0.23, "regressor": 0.12, "unsupervised": 0.1}


@pytest.fixture(autouse=True)
def same_draws_wherever_they_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """hypothesis draws constants of the modules that happen to be loaded, which depend on what ran before."""
    monkeypatch.setattr(providers, "_get_local_constants", lambda: providers.Constants())
    monkeypatch.setattr(providers, "CONSTANTS_CACHE", type(providers.CONSTANTS_CACHE)(1024))


def search(family: str, examples: int, seen: Counter[str]) -> None:
    """Tries so many different pipelines that the libraries can fit, and shrinks the first that fails.

    hypothesis likes to ask a pipeline again with other rows; those are not tried, until one fails and is shrunk.

    Raises:
        AssertionError: its notes show the smallest case that fails.
    """
    known: set[str] = set()
    passed_over: set[str] = set()  # for good: hypothesis asks again while it shrinks, and wants the same answer
    shrinking = False

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,  # a case trains a model
        print_blob=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],  # so does this, and see above
    )
    @given(cases(family))
    def one(drawn: Any) -> None:
        nonlocal shrinking
        pipeline = repr((drawn.columns, drawn.layout, drawn.target, drawn.model))  # dear: an estimator's signatures
        whole = f"{pipeline} {drawn.seed} {drawn.changes}"
        if (pipeline in known and not shrinking) or whole in passed_over:
            passed_over.add(whole)
            reject()
        known.add(pipeline)
        try:
            verdict = tried(drawn)
        except Exception:
            shrinking = True
            raise
        seen[verdict.status] += 1
        if verdict.status == "unfit":
            reject()

    one()


@pytest.mark.parametrize("family", FAMILIES)
def test_graph_is_exact_or_refused(family: str, capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter()
    examples = math.ceil(CASES * FAMILIES[family])
    search(family, examples, seen)
    with capsys.disabled():
        print(f"\n{family}: {dict(seen)}")
    assert seen["exact"] + seen["refused"] >= examples
    assert seen["exact"] > 0.8 * examples, seen
    assert seen["unfit"] < 0.35 * examples, seen


def test_planted_fault_is_found_and_shown_in_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A converter off by 3e-9 in one of its columns' values, only above a half."""
    right = registry.carried()["MinMaxScaler"]

    def wrong(c: Any, scaler: Any, frame: Any) -> Any:
        (block,) = right(c, scaler, frame)["transform"]
        above = c.g.op("Greater", block.name, np.float64(0.5))
        off = c.g.op("Where", above, c.g.op("Add", block.name, np.float64(3e-9)), block.name)
        return {"transform": (Block(off, "double", block.width),)}

    monkeypatch.setitem(registry._CONVERTERS, "MinMaxScaler", wrong)
    with pytest.raises(AssertionError) as found:
        search("transformer", 500, Counter())
    shown = " ".join("".join(found.value.__notes__).split())
    assert "columns=('number',)" in shown
    assert "model=MinMaxScaler()" in shown
    assert "changes=()" in shown
    assert "training: 0 flips" in str(found.value)


def test_a_refusal_of_another_kind_fails_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """A converter that crashes is a fault; one that refuses is not."""

    def crash(c: Any, scaler: Any, frame: Any) -> Any:
        raise KeyError("scale_")

    def refuse(c: Any, scaler: Any, frame: Any) -> Any:
        raise UnsupportedModelError("StandardScaler()", "a test says so", "Nothing")

    registry.carried()
    monkeypatch.setitem(registry._CONVERTERS, "StandardScaler", crash)
    with pytest.raises(KeyError):
        search("transformer", 60, Counter())
    monkeypatch.setitem(registry._CONVERTERS, "StandardScaler", refuse)
    seen: Counter[str] = Counter()
    search("transformer", 10, seen)
    assert seen["refused"] > 0
