"""Exports the bundles that deploy_local.py deploys: `python deployed_models.py FOLDER`, with isoship installed.

first     logistic regression over mixed columns
second    a forest over the same columns, as the next version
differs   `second` with one leaf of model.onnx changed and every digest set right again: consistent in itself, and
          golden.json holds what the trained model answers
odd-row   the same done to rows.bin, which answers requests of few rows
bare      `second` without ONNX Runtime (--native never)
*-image   each of them as a container image
client    what AWS's base image brings: awslambdaric
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
from onnx import numpy_helper
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import isoship
from isoship.bundle.aws_lambda.directory import cache_folder, write_zip
from isoship.bundle.aws_lambda.image import write_image
from isoship.bundle.aws_lambda.sam import write_samconfig, write_template
from isoship.bundle.target import target_of
from isoship.parity.runners.lambda_runtime import unpack_client
from isoship_edge.manifest import digest_of, sealed

NAME = "deployed"


def rows() -> tuple[pd.DataFrame, Any]:
    """Two hundred customers and whether they stayed."""
    draw = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "age": draw.uniform(18, 80, 200).round(1),
            "visits": draw.integers(0, 40, 200),
            "city": draw.choice(["Oslo", "Rome", "Lima"], 200),
        }
    )
    stays = (frame["visits"] + (frame["city"] == "Oslo") * 10 + draw.normal(0, 5, 200) > 22).map(
        {True: "yes", False: "no"}
    )
    return frame, stays


def export(folder: Path, version: str, estimator: Any, *, without: str | None = None, native: str = "always") -> Any:
    """without: a column that the model does not take."""
    frame, stays = rows()
    frame = frame.drop(columns=without or [])
    numbers = [name for name in ("age", "visits") if name != without]
    prepare = make_column_transformer((StandardScaler(), numbers), (OneHotEncoder(), ["city"]))
    model = make_pipeline(prepare, estimator).fit(frame, stays)
    isoship.export(
        model, sample=frame, out=folder, name=NAME, model_version=version, targets=("lambda",), native=native
    )
    return model


def spoil(folder: Path) -> None:
    """Changes one answer of the bundle in `folder`, in every copy, so that only the golden rows can tell."""
    graph = onnx.load(folder / "model.onnx")
    node = next(n for n in graph.graph.node if n.op_type == "TreeEnsemble")
    table = max(
        (i for i in graph.graph.initializer if i.data_type == onnx.TensorProto.DOUBLE), key=lambda i: np.prod(i.dims)
    )
    values = numpy_helper.to_array(table).copy()
    values *= 0.75
    table.CopyFrom(numpy_helper.from_array(values, table.name))
    assert node.domain == "ai.onnx.ml"
    seal(folder, "model.onnx", graph.SerializeToString())


def spoil_rows(folder: Path) -> None:
    """The same in rows.bin."""
    document = json.loads((folder / "rows.json").read_bytes())
    (trees,) = [step for step in document["steps"] if step["op"] == "isoship.Trees"]
    entry = document["constants"][trees["inputs"][2]]  # thresholds and leaves
    start, stop = entry["offset"], entry["offset"] + entry["length"]
    content = (folder / "rows.bin").read_bytes()
    table = np.frombuffer(content[start:stop], {"double": "<f8", "float": "<f4"}[entry["dtype"]]) * 0.75
    made = table.tobytes()
    seal(folder, "rows.bin", content[:start] + made + content[stop:])


def seal(folder: Path, name: str, content: bytes) -> None:
    """Writes a file into the bundle and into lambda/, and sets every digest right again."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"][name] = hashlib.sha256(content).hexdigest()
    manifest["digest"] = digest_of(manifest["files"]["model.onnx"], manifest)
    golden = json.loads((folder / "golden.json").read_bytes()) | {"digest": manifest["digest"]}
    golden_rows = json.dumps(golden).encode()
    manifest["files"]["golden.json"] = hashlib.sha256(golden_rows).hexdigest()
    for place in (folder, folder / "lambda"):
        (place / name).write_bytes(content)
        (place / "manifest.json").write_bytes(sealed(manifest))
        (place / "golden.json").write_bytes(golden_rows)
    write_zip(folder / "lambda", folder / "lambda.zip", cache_folder() / "deflated")


def as_image(zipped: Path, folder: Path) -> None:
    """The same bundle as `--lambda-package image` writes it."""
    shutil.copytree(zipped, folder)
    for name in ("lambda.zip", "samconfig.toml"):
        (folder / name).unlink()
    target = target_of(folder / "lambda")
    image = write_image(folder, folder / "lambda", target)
    write_template(folder, target, image)
    write_samconfig(folder, name=NAME, target=target, image=image)


def forest() -> Any:
    return RandomForestClassifier(20, max_depth=5, random_state=0, n_jobs=1)


def main(root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    frame, _ = rows()
    asked = frame.iloc[:5]
    answers = {}
    for folder, version, estimator in (
        ("first", "1.0.0", LogisticRegression()),
        ("second", "2.0.0", forest()),
    ):
        model = export(root / folder, version, estimator)
        answers[folder] = {
            "label": model.predict(asked).tolist(),
            "probabilities": [dict(zip(model.classes_, p, strict=True)) for p in model.predict_proba(asked).tolist()],
        }
    export(root / "narrower", "3.0.0", LogisticRegression(), without="age")
    shutil.copytree(root / "second", root / "differs")
    spoil(root / "differs")
    shutil.copytree(root / "second", root / "odd-row")
    spoil_rows(root / "odd-row")
    export(root / "bare", "4.0.0", forest(), native="never")
    for folder in ("first", "second", "differs"):
        as_image(root / folder, root / f"{folder}-image")
    unpack_client(root / "client", target_of(root / "first" / "lambda"))
    (root / "asked.json").write_text(json.dumps({"rows": asked.to_dict("records"), "answers": answers}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
