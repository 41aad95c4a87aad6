"""A bundle that is logged answers in MLflow as it answers by itself, to the bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import pandas as pd
import pytest

import isoship
import isoship.mlflow
from conftest import answers, frame, ready
from isoship.errors import BundleError, InputError
from runtime_emulator import free_port


@pytest.fixture(scope="module")
def logged(server: str, bundle: Path) -> str:
    import mlflow

    with mlflow.start_run():
        info = isoship.mlflow.log_model(bundle, registered_model_name="visits")
    assert info.signature is not None
    return "models:/visits/1"


def equal(made: pd.DataFrame, bundle: Path, rows: pd.DataFrame) -> bool:
    want = answers(bundle, rows)
    return list(made.columns) == list(want.columns) and all(made[name].tolist() == want[name].tolist() for name in want)


def test_pyfunc_answers_as_the_bundle(logged: str, bundle: Path) -> None:
    import mlflow

    model = mlflow.pyfunc.load_model(logged)
    for count in (1, 3, 16, 257):
        rows = frame().head(count)
        made = model.predict(rows.set_index(rows.index + 7))
        assert list(made.index) == [i + 7 for i in range(count)]
        assert equal(made, bundle, rows), count
    assert {n: str(t) for n, t in made.dtypes.items()} == {
        "label": "str", "probabilities_no": "float64", "probabilities_yes": "float64"
    }  # fmt: skip
    assert len(model.predict(frame().head(0))) == 0
    example = model.input_example
    assert list(example.columns) == ["city", "age", "visits", "member"]
    assert len(model.predict(example)) == len(example)


def test_it_needs_no_isoship(logged: str, bundle: Path, server: str, tmp_path: Path) -> None:
    """In a process that has none of isoship's packages, and no scikit-learn."""
    frame().head(40).to_parquet(tmp_path / "rows.parquet")
    program = f"""
import sys
for name in ("isoship", "sklearn", "onnx"):
    sys.modules[name] = None
import mlflow, pandas as pd
made = mlflow.pyfunc.load_model({logged!r}).predict(pd.read_parquet({str(tmp_path / "rows.parquet")!r}))
import isoship_edge
assert "site-packages" not in isoship_edge.__file__, isoship_edge.__file__
made.to_json({str(tmp_path / "made.json")!r}, double_precision=15, orient="records")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    made = pd.DataFrame(json.loads((tmp_path / "made.json").read_text()))
    want = answers(bundle, pd.read_parquet(tmp_path / "rows.parquet"))
    assert made["label"].tolist() == want["label"].tolist()
    np.testing.assert_allclose(made["probabilities_yes"], want["probabilities_yes"], rtol=0, atol=1e-14)


def test_models_serve_answers_as_the_bundle(logged: str, bundle: Path, server: str, tmp_path: Path) -> None:
    port = free_port()
    command = [
        sys.executable, "-m", "mlflow", "models", "serve", "-m", logged, "--env-manager", "local",
        "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
    ]  # fmt: skip
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        ready(f"http://127.0.0.1:{port}/ping", process)
        rows = frame().head(21)
        made = invoked(port, rows)
        want = answers(bundle, rows)
        assert [one["label"] for one in made] == want["label"].tolist()
        assert [one["probabilities_yes"] for one in made] == want["probabilities_yes"].tolist()
        assert [one["probabilities_no"] for one in made] == want["probabilities_no"].tolist()
        for column, value in SENT:
            with pytest.raises(HTTPError) as caught:
                invoked(port, rows.astype(object).assign(**{column: value}))
            assert caught.value.code == 400, (column, value)
            assert column in caught.value.read().decode()
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)


#: What MLflow's server made something else of where the signature had types; the bundle refuses it.
SENT = [
    ("member", "false"), ("member", None), ("member", 0.5), ("visits", 2.5), ("visits", "12"), ("visits", True),
    ("visits", None), ("age", True), ("age", "39"),
]  # fmt: skip


def invoked(port: int, rows: pd.DataFrame) -> list[dict[str, Any]]:
    document = {
        "columns": list(rows.columns),
        "data": rows.astype(object).where(rows.notna(), None).to_numpy().tolist(),
    }
    body = json.dumps({"dataframe_split": document}).encode()
    request = Request(f"http://127.0.0.1:{port}/invocations", body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=60) as response:
        made: list[dict[str, Any]] = json.load(response)["predictions"]
    return made


def test_spark_udf_answers_as_the_bundle(logged: str, bundle: Path, server: str) -> None:
    import mlflow
    from pyspark.sql import SparkSession
    from pyspark.sql.functions import struct

    spark = (
        SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1").config("spark.sql.shuffle.partitions", "2").getOrCreate()
    )  # fmt: skip
    try:
        rows = frame().assign(n=range(400))
        schema = "city string, age double, visits long, member boolean, n long"
        made = rows.astype(object).where(rows.notna(), None)
        df = spark.createDataFrame([tuple(row) for row in made.to_numpy().tolist()], schema).repartition(3)
        result = "label string, probabilities_no double, probabilities_yes double"
        udf = mlflow.pyfunc.spark_udf(spark, logged, result_type=result, env_manager="local")
        found = df.withColumn("made", udf(struct("city", "age", "visits", "member"))).select("n", "made.*").toPandas()
        found = found.sort_values("n").drop(columns="n").reset_index(drop=True)
        assert equal(found, bundle, rows.drop(columns="n"))
    finally:
        spark.stop()


#: What may stand in a column, and whether MLflow or the bundle refuses it. What is answered is isoship.load's answer.
VALUES: dict[str, tuple[str, Any, bool]] = {
    "integers with a gap": ("visits", pd.array([1, None, 3], dtype="Int64"), True),
    "integers without one, nullable": ("visits", pd.array([1, 2, 3], dtype="Int64"), False),
    "integers as floats": ("visits", [1.0, 2.0, 3.0], False),
    "integers beyond a double": ("visits", [2**53 + 1, 1, 2], True),
    "small integers": ("visits", np.array([1, 2, 3], "int32"), False),
    "booleans with a gap": ("member", [True, None, False], True),
    "booleans as numbers": ("member", [1, 0, 1], True),
    "None in texts": ("city", pd.Series(["Oslo", None, "Rome"], dtype=object), False),
    "NaN in texts": ("city", pd.Series(["Oslo", np.nan, "Rome"], dtype=object), False),
    "NA in texts": ("city", pd.array(["Oslo", None, "Rome"], dtype="string"), False),
    "texts of pandas 3": ("city", pd.Series(["Oslo", None, "Rome"], dtype="str"), False),
    "categories": ("city", pd.Categorical(["Oslo", None, "Rome"]), True),
    "numbers for texts": ("city", [1, 2, 3], True),
    "float32": ("age", np.array([0.1, 2, np.nan], "float32"), False),
    "integers for doubles": ("age", [1, 2, 3], False),
    "nullable doubles": ("age", pd.array([0.1, None, 3], dtype="Float64"), False),
    "decimals": ("age", [Decimal("1.5"), Decimal(2), Decimal(3)], True),
    "infinity": ("age", [np.inf, 1.0, 2.0], True),
    "texts for doubles": ("age", ["1", "2", "3"], True),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_mean_what_they_mean_or_are_refused(name: str, logged: str, bundle: Path) -> None:
    import mlflow

    column, values, refused = VALUES[name]
    rows = frame().head(3).assign(**{column: values})
    model = mlflow.pyfunc.load_model(logged)
    if refused:
        with pytest.raises((InputError, mlflow.exceptions.MlflowException)) as caught:
            model.predict(rows)
        assert column in str(caught.value)
        return
    want = isoship.load(bundle).predict(rows)
    made = model.predict(rows)
    assert made["label"].tolist() == want["label"].tolist()
    np.testing.assert_allclose(made["probabilities_yes"], want["probabilities"][:, 1], rtol=1e-14)


def test_a_network_answers_with_its_tensors(server: str, tmp_path: Path) -> None:
    import mlflow
    from onnx import TensorProto, helper, save

    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Softmax", ["x"], ["p"])], "g", [value("x", TensorProto.FLOAT, ["n", 3])],
        [value("p", TensorProto.FLOAT, ["n", 3])],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    save(model, tmp_path / "net.onnx")
    bundle = isoship.export(tmp_path / "net.onnx", out=tmp_path / "b", targets=()).path
    isoship.mlflow.save_model(bundle, tmp_path / "saved")
    loaded = mlflow.pyfunc.load_model(str(tmp_path / "saved"))
    asked = {"x": np.random.default_rng(0).normal(size=(4, 3)).astype("float32")}
    want = isoship.load(bundle).predict(asked)
    for given in (asked, asked["x"]):
        made = loaded.predict(given)
        assert list(made) == ["p"]
        np.testing.assert_array_equal(made["p"], want["p"])


def test_a_damaged_model_is_not_loaded(bundle: Path, tmp_path: Path) -> None:
    import mlflow

    isoship.mlflow.save_model(bundle, tmp_path / "saved")
    graph = tmp_path / "saved" / "data" / "bundle" / "model.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"\x00")
    with pytest.raises(Exception, match=r"model\.onnx"):
        mlflow.pyfunc.load_model(str(tmp_path / "saved"))


def test_a_model_of_another_release_is_not_answered_by_this_one(bundle: Path, tmp_path: Path) -> None:
    import mlflow

    isoship.mlflow.save_model(bundle, tmp_path / "saved")
    (tmp_path / "saved" / "data" / "bundle" / "runtime.sha256").write_text("of another release")
    with pytest.raises(BundleError, match="load the model in a process of its own"):
        mlflow.pyfunc.load_model(str(tmp_path / "saved"))
