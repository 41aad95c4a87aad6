"""One record an estimator, beside its converter: a new one is one file, and nobody keeps a list of classes."""

from __future__ import annotations

import ast
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import isoship
from isoship.sources.libraries import LIBRARIES
from isoship.sources.sklearn.walk.registry import OUTSIDE, UNKNOWN, Record, carried, carries, key_of, record_of

ROOM = Path(isoship.__file__).parent / "sources" / "sklearn"

#: A package with an estimator: it doubles its columns, keeps a row of its training, and its answer jumps. A loop over
#: rows keeps it from being traced.
PACKAGE = """
    import numpy as np
    from sklearn.base import BaseEstimator, TransformerMixin

    class Above(TransformerMixin, BaseEstimator):
        def fit(self, x, y=None):
            x = np.asarray(x, dtype=float)
            self.first_, self.n_features_in_ = x[0], x.shape[1]
            return self

        def transform(self, x):
            return np.array([(np.asarray(row, dtype=float) > self.first_).astype(float) for row in x])
"""
#: All that isoship needs to know of it, in one file.
CONVERTER = """
    import numpy as np

    from isoship.sources.sklearn.walk.frame import Block, row
    from isoship.sources.sklearn.walk.raw_columns import columnwise
    from isoship.sources.sklearn.walk.registry import Record, carries

    @carries(
        "Above",
        record=Record(
            same_bits=True, jumps=True, settles=True, training_rows=("first_",), output_places=columnwise, dense=True
        ),
        package="thresholds",
    )
    def above(c, step, frame):
        x = c.doubles(frame, step)
        higher = c.g.cast(c.g.op("Greater", x.name, row(step.first_)), np.float64)
        return {"transform": (Block(higher, "double", x.width),)}
"""
EXPORTED = """
    import warnings
    import numpy as np
    import onnxruntime
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PowerTransformer
    from isoship import UnsupportedModelError
    from isoship.sources import open_source
    from thresholds import Above

    warnings.simplefilter("ignore")
    x = np.random.default_rng(0).normal(size=(80, 3))
    model = make_pipeline(Above(), LogisticRegression()).fit(x, x[:, 0] > 0)
    try:
        open_source(model, sample=x)
    except UnsupportedModelError as err:
        print("before:", err)
    import thresholds_converter

    source = open_source(model, sample=x)
    session = onnxruntime.InferenceSession(source.to_onnx().SerializeToString())
    answers = session.run(["probabilities"], {"X": x})[0]
    print("agrees:", np.allclose(answers, model.predict_proba(x), atol=1e-9, rtol=0))
    print("keeps:", source.training_rows)
    behind = make_pipeline(PowerTransformer(), Above(), LogisticRegression()).fit(x, x[:, 0] > 0)
    rows = [dict(zip(("x0", "x1", "x2"), map(float, x[0])))]
    print("jumps:", open_source(behind, sample=x[1:]).answers(rows).margin[0])
"""


def test_an_estimator_of_another_package_takes_one_file(tmp_path: Path) -> None:
    """Its graph, what it keeps, and that a row on its threshold behind a logarithm has no answer of its own."""
    for name, text in {"thresholds": PACKAGE, "thresholds_converter": CONVERTER, "exported": EXPORTED}.items():
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text), encoding="utf-8")
    run = subprocess.run([sys.executable, "exported.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    before, agrees, keeps, jumps = run.stdout.splitlines()
    assert "thresholds.py" in before
    assert "goes through the rows" in before
    assert (agrees, keeps, jumps) == ("agrees: True", "keeps: ('Above',)", "jumps: 0.0")


def test_a_converter_without_a_record_is_refused(tmp_path: Path) -> None:
    text = textwrap.dedent(CONVERTER)
    without = text[: text.index("    record=")] + text[text.index("    package=") :]
    (tmp_path / "thresholds_converter.py").write_text(without, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-c", "import thresholds_converter"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 1
    assert "missing 1 required keyword-only argument: 'record'" in run.stderr


@pytest.mark.parametrize("fact", ["same_bits", "jumps"])
def test_what_decides_verdicts_has_no_default(fact: str) -> None:
    said: dict[str, Any] = {"same_bits": False, "jumps": False}
    del said[fact]
    with pytest.raises(TypeError, match=f"missing 1 required keyword-only argument: '{fact}'"):
        Record(**said)


def test_a_name_is_registered_once() -> None:
    with pytest.raises(ValueError, match="two converters for StandardScaler"):
        carries("StandardScaler", record=Record(same_bits=True, jumps=False))(carried()["StandardScaler"])


def test_every_carried_class_has_a_record_of_its_own() -> None:
    """Whatever is carried is known: by the class itself where it can be imported here."""
    from sklearn.utils import all_estimators

    classes = dict(all_estimators())
    seen = [name for name in carried() if name in classes]
    assert len(seen) > 120
    assert all(record_of(object.__new__(classes[name])) is not UNKNOWN for name in seen)


def test_a_class_of_nobody_is_from_outside() -> None:
    assert key_of(object()) is None
    assert record_of(object()) is OUTSIDE
    assert record_of(np.zeros(1)) is OUTSIDE


def test_scikit_learns_room_names_no_other_library() -> None:
    """No import of another library or of its room, and no text that asks for one: their rooms say what they need."""
    found = []
    for path in sorted(ROOM.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for library in LIBRARIES:
                if isinstance(node, ast.ImportFrom) and library.package in (node.module or "").split("."):
                    found.append(f"{path.name}: {ast.unparse(node)}")
                if isinstance(node, ast.Constant) and node.value == library.package:
                    found.append(f"{path.name}: {node.value!r}")
    assert found == []


def test_looking_a_converter_up_imports_no_library() -> None:
    code = (
        "import sys; from isoship.sources.sklearn.walk.registry import carried; assert len(carried()) > 140;"
        " print([name for name in ('sklearn', 'skl2onnx', 'xgboost', 'lightgbm', 'catboost') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.strip() == "[]"


def test_the_registrys_modules_are_all_there() -> None:
    """Each module of the converters' room that registers something is imported by the registry."""
    carried()
    for path in sorted((ROOM / "converters").rglob("*.py")):
        if "@carries(" in path.read_text(encoding="utf-8"):
            name = ".".join(("isoship", *path.relative_to(ROOM.parents[1]).with_suffix("").parts))
            assert name in sys.modules, f"{name} is not among the registry's homes"
