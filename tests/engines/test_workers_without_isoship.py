"""A worker that has no isoship ends its task with the line that installs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_SPARK = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from local_engines import said_by, spark_session
import isoship.spark
import os
os.environ["PYSPARK_PYTHON"] = sys.argv[2]
with spark_session("local[1]", Path(sys.argv[4])) as session:
    df = session.createDataFrame([(39.0, 51000.5, 3, True, "Oslo", "pro")], "age double, income double, visits long,"
                                 " member boolean, city string, plan string")
    try:
        isoship.spark.predict(df, sys.argv[3]).collect()
    except Exception as err:
        print("SAID", said_by(err, "ModuleNotFoundError"))
"""
_RAY = """
import sys
sys.path.insert(0, sys.argv[1])
from local_engines import said_by, ray_session
import isoship.ray
with ray_session() as ray:
    row = {"age": 39.0, "income": 51000.5, "visits": 3, "member": True, "city": "Oslo", "plan": "pro"}
    ds = ray.data.from_items([row])
    ds = isoship.ray.predict(ds, sys.argv[3])
    try:
        ds.materialize()
    except Exception as err:
        print("SAID", said_by(err, "ModuleNotFoundError"))
"""
#: Read by every Python that starts with its folder on PYTHONPATH, where the environment asks for it.
_HIDES = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("isoship", "isoship_edge"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
if "default_worker.py" in " ".join(sys.orig_argv) or "pyspark.daemon" in " ".join(sys.orig_argv):
    sys.meta_path.insert(0, Hidden())
"""


@pytest.mark.parametrize("engine", ["spark", "ray"])
def test_the_line_that_installs_it(engine: str, tmp_path: Path) -> None:
    from bundles import make_bundle

    make_bundle(tmp_path / "bundle")
    hides = tmp_path / "hides"
    hides.mkdir()
    (hides / "sitecustomize.py").write_text(_HIDES)
    program = _SPARK if engine == "spark" else _RAY
    done = subprocess.run(
        [sys.executable, "-c", program, str(Path(__file__).parent), sys.executable, str(tmp_path / "bundle"),
         str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(hides)}, capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip
    said = [line for line in done.stdout.splitlines() if line.startswith("SAID ")]
    assert said, done.stdout[-2000:] + done.stderr[-2000:]
    assert "is not installed on the worker" in said[0]
    assert f"pip install 'isoship[{engine}]==" in said[0]
