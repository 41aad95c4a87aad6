"""`isoship.ray.predict`: the answers of `isoship predict`, its names and types, and its refusals."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from local_engines import differing, said_by

import isoship.ray
from bundles import make_bundle
from isoship.errors import BundleError, InputError

ROW = {"age": 39.0, "income": 51000.5, "visits": 3, "member": True, "city": "Oslo", "plan": "pro"}
ADDED = {"label": "string", "probabilities_low": "double", "probabilities_middle": "double"}
ADDED |= {"probabilities_high": "double"}


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("visits")
    make_bundle(folder)
    return folder


def whole(ray: Any, ds: Any) -> pa.Table:
    """A dataset's blocks that have rows, as one table."""
    tables = [table for table in ray.get(ds.to_arrow_refs()) if table.num_rows]
    return pa.concat_tables(tables)


def test_answers_are_those_of_isoship_predict(
    ray: Any, exported: dict[str, Path], rows: Path, predicted: dict[str, pa.Table]
) -> None:
    table = pq.read_table(rows)
    for name, bundle in exported.items():
        for ds in (
            ray.data.read_parquet(str(rows)),
            ray.data.from_arrow([table.slice(start, 7_001) for start in range(0, len(table), 7_001)]),
        ):
            assert differing(whole(ray, isoship.ray.predict(ds, bundle)), predicted[name]) == [], name


def test_the_bundle_is_unpacked_once_on_a_machine(ray: Any, exported: dict[str, Path], rows: Path) -> None:
    ds = isoship.ray.predict(ray.data.read_parquet(str(rows)), exported["logistic"]).materialize()
    context = ray.get_runtime_context()
    session = Path(context.get_temp_dir()) / context.get_session_name()
    digests = {path.name for path in session.glob("isoship-*")}
    assert ds.count() == pq.read_metadata(rows).num_rows
    assert all(len(name) == len("isoship-") + 64 for name in digests), "one that was begun lies there"
    isoship.ray.predict(ray.data.read_parquet(str(rows)), exported["logistic"]).materialize()
    assert {path.name for path in session.glob("isoship-*")} == digests


def test_frames_of_pandas(ray: Any, exported: dict[str, Path], rows: Path, predicted: dict[str, pa.Table]) -> None:
    frame = pd.read_parquet(rows).head(20_000)
    found = whole(ray, isoship.ray.predict(ray.data.from_pandas([frame[:9000], frame[9000:]]), exported["hist"]))
    assert differing(found, predicted["hist"].slice(0, 20_000)) == []
    objects = frame.astype({"city": object, "plan": object})
    found = whole(ray, isoship.ray.predict(ray.data.from_pandas(objects), exported["hist"]))
    answers = ["id", "label", "probabilities_leaves", "probabilities_stays"]
    assert differing(found.select(answers), predicted["hist"].slice(0, 20_000).select(answers)) == []


def test_objects_that_ray_has_no_type_for_are_looked_at_one_by_one(ray: Any, visits: Path) -> None:
    """Ray pickles such a column: what it holds means what it means in Python, by row."""
    frame = pd.DataFrame([{**ROW, "id": i} for i in range(3)]).astype({"city": object, "age": object})
    frame["city"] = pd.Series(["Oslo", float("nan"), 7], dtype=object)
    frame["age"] = pd.Series([1, "2", None], dtype=object)
    plain = [{**ROW, "city": "Oslo", "age": 1.0}, {**ROW, "city": None, "age": 2.0}, {**ROW, "city": "7", "age": None}]
    found = whole(ray, isoship.ray.predict(ray.data.from_pandas(frame), visits)).sort_by("id")
    expected = isoship.load(visits).predict_rows(plain)
    assert found["label"].to_pylist() == [row["label"] for row in expected]
    assert found["probabilities_low"].to_pylist() == [row["probabilities"]["low"] for row in expected]


def test_blocks_may_have_other_types(ray: Any, visits: Path) -> None:
    """`from_items` infers them block by block: int64, double, null."""
    items = [{**ROW, "age": age, "id": i} for i, age in enumerate([1, 2.5, None, 7])]
    found = whole(ray, isoship.ray.predict(ray.data.from_items(items, override_num_blocks=4), visits).select_columns(
        ["id", "label", "probabilities_low"]
    )).sort_by("id")  # fmt: skip
    expected = isoship.load(visits).predict_rows([{k: v for k, v in one.items() if k != "id"} for one in items])
    assert found["label"].to_pylist() == [row["label"] for row in expected]
    assert found["probabilities_low"].to_pylist() == [row["probabilities"]["low"] for row in expected]


def test_refused_rows_have_their_own_column_and_counts(ray: Any, visits: Path) -> None:
    from ray.data.aggregate import Count

    table = pa.Table.from_pylist([{**ROW, "id": 0}, {**ROW, "plan": "gold", "id": 1}, {**ROW, "age": 2000.0, "id": 2}])
    answered = isoship.ray.predict(ray.data.from_arrow(table), visits, on_error="column").materialize()
    assert answered.aggregate(Count("_error", ignore_nulls=True)) == {"count(_error)": 2}
    found = whole(ray, answered).sort_by("id").to_pylist()
    assert [row["_error"] is None for row in found] == [True, False, False]
    assert found[1]["_error"].startswith('column "plan": expected ')
    assert (found[2]["label"], found[2]["probabilities_low"]) == (None, None)


def test_a_refused_row_fails_the_job_by_row_and_column(ray: Any, visits: Path) -> None:
    table = pa.Table.from_pylist([ROW, {**ROW, "plan": "gold"}])
    with pytest.raises(ray.exceptions.RayTaskError) as caught:
        isoship.ray.predict(ray.data.from_arrow(table), visits).materialize()
    said = said_by(caught.value, "InputError")
    assert said is not None
    assert said.startswith('row 1 of its block, column "plan": expected one of ')


@pytest.mark.parametrize("on_error", ["fail", "column"])
def test_types_are_as_declared_without_rows_and_without_values(ray: Any, visits: Path, on_error: Any) -> None:
    table = pa.Table.from_pylist([ROW, ROW])
    expected = ADDED | ({"_error": "string"} if on_error == "column" else {})
    nulls = table.set_column(0, "age", pa.nulls(2)).set_column(4, "city", pa.nulls(2))
    for ds in (
        ray.data.from_arrow(table.slice(0, 0)),
        ray.data.from_arrow([table.slice(0, 0), table, table.slice(0, 0)]),
        ray.data.from_arrow(table).filter(lambda row: row["age"] < 0),
        ray.data.from_arrow(nulls),
    ):
        made = isoship.ray.predict(ds, visits, on_error=on_error)
        schema = made.schema()
        assert dict(zip(schema.names, map(str, schema.types), strict=True)).items() >= expected.items()
        assert schema.names == [*table.column_names, *expected]
        assert made.count() == ds.count()


def test_names_that_are_taken_get_a_prefix_as_in_files(ray: Any, visits: Path) -> None:
    made = isoship.ray.predict(ray.data.from_arrow(pa.Table.from_pylist([{**ROW, "label": "mine"}])), visits)
    (row,) = made.take_all()
    assert row["label"] == "mine"
    assert row["predicted_label"] in ("low", "middle", "high")


def test_columns_that_the_model_does_not_know_come_through_as_they_are(ray: Any, visits: Path) -> None:
    import numpy as np

    table = pa.Table.from_pylist([{**ROW, "l": [1, None], "s": {"x": 1}, "n": None, "b": b"x"}] * 2)
    table = table.append_column("d", pa.array([1, 2], pa.decimal128(38, 18)))
    table = table.append_column("k", pa.array(["a", None]).dictionary_encode())
    made = whole(ray, isoship.ray.predict(ray.data.from_arrow(table), visits))
    assert made.select(table.column_names).equals(table)
    tensors = ray.data.from_numpy([np.zeros((2, 2, 2))]).map_batches(
        lambda block: table.append_column("t", block["data"]), batch_format="pyarrow"
    )
    assert isoship.ray.predict(tensors, visits).take_batch(2)["t"].shape == (2, 2, 2)


def test_a_block_with_a_column_more(ray: Any, visits: Path) -> None:
    plain = pa.Table.from_pylist([ROW])
    ds = ray.data.from_arrow([plain, plain.append_column("label", pa.array(["mine"]))])
    made = isoship.ray.predict(ds, visits)
    if "label" in ds.schema().names:
        assert made.schema().names.count("predicted_label") == 1
    assert {row.get("label") for row in made.take_all()} >= {"mine"}


@pytest.mark.parametrize(
    ("name", "values", "seen"),
    [
        ("age", pa.array([[1.0]]), "list<item: double>"),
        ("age", pa.array([0], pa.timestamp("us")), "timestamp[us]"),
        ("visits", pa.array([{"x": 1}]), "struct<x: int64>"),
        ("city", pa.array([b"Oslo"]), "binary"),
        ("city", pa.array([1], pa.decimal128(10, 2)), "decimal128(10, 2)"),
        ("plan", pa.array([1], pa.date32()).dictionary_encode(), "dictionary<values=date32[day]"),
    ],
)
def test_types_that_a_column_never_takes_are_refused_before_the_job(
    ray: Any, visits: Path, name: str, values: pa.Array, seen: str
) -> None:
    table = pa.Table.from_pylist([ROW])
    table = table.set_column(table.schema.get_field_index(name), name, values)
    with pytest.raises(InputError) as caught:
        isoship.ray.predict(ray.data.from_arrow(table), visits)
    assert str(caught.value).startswith(f'column "{name}": expected ')
    assert f"got a column of type {seen}" in str(caught.value)


def test_decimals_of_several_scales_have_no_text(ray: Any, visits: Path) -> None:
    """Ray gives each block of objects a scale of its own: the text of 1.5 is 1.5 or 1.50 by its neighbours."""
    frame = pd.DataFrame([{**ROW, "city": None}] * 2)
    frame["city"] = pd.Series([Decimal("1.5"), Decimal("1.25")], dtype=object)
    with pytest.raises(ray.exceptions.RayTaskError) as caught:
        isoship.ray.predict(ray.data.from_pandas(frame), visits).materialize()
    assert 'column "city"' in str(said_by(caught.value, "InputError"))


def test_ray_still_gives_each_block_a_scale_of_its_own(ray: Any) -> None:
    """from_items by itself (docs/upstream.md)."""
    ds = ray.data.from_items([{"x": Decimal("1.5")}, {"x": Decimal("1.25")}], override_num_blocks=2)
    texts = ds.map_batches(lambda t: pa.table({"t": list(map(str, t["x"].to_pylist()))}), batch_format="pyarrow")
    assert sorted(row["t"] for row in texts.take_all()) == ["1.25", "1.5"]
    whole = pa.array([Decimal("1.5"), Decimal("1.25")])
    assert list(map(str, whole.to_pylist())) == ["1.50", "1.25"]


def test_ray_still_forgets_the_columns_of_a_dataset_without_rows(ray: Any) -> None:
    """map_batches by itself (docs/upstream.md)."""
    ds = ray.data.from_arrow(pa.table({"x": pa.array([], pa.int64())}))
    assert ds.map_batches(lambda table: table, batch_format="pyarrow").schema() is None


def test_what_is_wrong_on_the_driver_is_said_there(ray: Any, visits: Path, tmp_path: Path) -> None:
    table = pa.Table.from_pylist([ROW])
    with pytest.raises(InputError, match='lacks the columns "plan"'):
        isoship.ray.predict(ray.data.from_arrow(table.drop_columns(["plan"])), visits)
    taken = table.append_column("_error", pa.array(["x"]))
    with pytest.raises(InputError, match='column "_error" already'):
        isoship.ray.predict(ray.data.from_arrow(taken), visits, on_error="column")
    with pytest.raises(BundleError, match="no manifest"):
        isoship.ray.predict(ray.data.from_arrow(table), tmp_path)
