"""Trees that were asked often are linked: the same weights to the bit, whatever the row and however far linking is."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.ensemble import RandomForestRegressor

from isoship.row_program.program import BINARY, JSON, row_program_of
from isoship.sources import open_source
from isoship_edge.encoding.documents import parsed
from isoship_edge.errors import DamagedFile
from isoship_edge.rows import RowProgram
from isoship_edge.rows import trees as module
from isoship_edge.rows.values import WARM

COUNT = 300


def table(*, missing: bool) -> pd.DataFrame:
    draw = np.random.default_rng(5)
    rows = pd.DataFrame(draw.normal(size=(COUNT, 4)), columns=list("abcd"))
    if missing:
        rows = rows.mask(draw.random(rows.shape) < 0.2)
    return rows


def forest() -> tuple[Any, pd.DataFrame]:
    rows = table(missing=False)
    return RandomForestRegressor(40, random_state=0).fit(rows, rows["a"] * rows["b"]), rows


def boosted() -> tuple[Any, pd.DataFrame]:
    rows = table(missing=True)
    return xgboost.XGBRegressor(n_estimators=40).fit(rows, rows["a"].fillna(3.0) * rows["b"].fillna(1.0)), rows


def with_sets() -> tuple[Any, pd.DataFrame]:
    rows = table(missing=True)
    kinds = np.random.default_rng(2).integers(0, 9, COUNT)
    rows["d"] = pd.Categorical(kinds)
    model = lightgbm.LGBMRegressor(n_estimators=40, min_child_samples=3, verbose=-1)
    return model.fit(rows, rows["a"].fillna(0.0) + kinds % 3), rows


@pytest.mark.parametrize("case", [forest, boosted, with_sets])
def test_every_ask_gives_the_bits_of_the_first_one(case: Any) -> None:
    model, rows = case()
    source = open_source(model, sample=rows)
    files = row_program_of(source.to_onnx()).files
    program = opened(files)
    columns = [column.dtype for column in source.signature.columns]
    for values in rows.astype(float).to_numpy().tolist():
        given = [values] if source.signature.layout == "matrix" else [
            [value if dtype == "double" else int(value)] for value, dtype in zip(values, columns, strict=True)
        ]  # fmt: skip
        assert repr(program.answer(given)) == repr(opened(files).answer(given))
    (walk,) = walks(program)
    assert walk.asks == -1, "all are linked"
    assert len(walk._linked) == len(walk._roots)


def test_tables_stay_as_they_are_where_that_is_asked() -> None:
    model, rows = forest()
    files = row_program_of(open_source(model, sample=rows).to_onnx()).files
    program = RowProgram(parsed(files[JSON]), files.get(BINARY, b""), linked=False)
    for values in rows.to_numpy()[:20].tolist():
        program.answer([[value] for value in values])
    (walk,) = walks(program)
    assert (walk.asks, walk._linked) == (-1, [])


def test_a_tree_that_shares_its_branches_is_not_linked_for_ever() -> None:
    """Every node has the same two below it as the next one: written out, 2**20 of them."""
    count = 20
    child = [place for i in range(count) for place in (2 * i + 2, 2 * i + 2)]
    child[1::2] = [place + 2 if place + 3 < 2 * count else place for place in child[1::2]]
    tables = [0] * (2 * count), [0.0] * (2 * count), [*child[:-2], 0, 0]
    walk = module._Walk(range(1), tables, "first", (), {})
    walk.asks = WARM
    with pytest.raises(IndexError, match="more nodes"):
        walk([1.0])


def test_damage_that_linking_finds_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    model, rows = forest()
    program = opened(row_program_of(open_source(model, sample=rows).to_onnx()).files)

    def broken(*_given: Any) -> Any:
        raise IndexError("a tree has more nodes than all have slots")

    monkeypatch.setattr(module._Walk, "_link", broken)
    given = [[value] for value in rows.to_numpy()[0].tolist()]
    for _ in range(WARM):
        program.answer(given)
    with pytest.raises(DamagedFile, match="more nodes"):
        program.answer(given)


def opened(files: dict[str, bytes]) -> RowProgram:
    return RowProgram(parsed(files[JSON]), files.get(BINARY, b""))


def walks(program: RowProgram) -> list[Any]:
    cells = [cell.cell_contents for run in program._runs for cell in run.__closure__ or ()]
    return [found for found in cells if isinstance(found, module._Walk)]
