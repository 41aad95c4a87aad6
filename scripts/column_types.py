"""The table of column types in docs/engines.md: prints it, `--write` puts it there.

It needs what `scripts/extra.sh engines` makes: .tools/engines/bin/python scripts/column_types.py
"""

# ruff: noqa: T201 - a command line prints

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "engines"))

from local_engines import ray_session, spark_session
from type_paths import ray_paths, spark_paths

import column_types


def main() -> int:
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with spark_session("local[1]", folder) as spark, ray_session() as ray:
            paths = {**column_types.PATHS, **spark_paths(spark), **ray_paths(ray)}
            cells = {
                kind: {path: column_types.cell(answer, kind, folder) for path, answer in paths.items()}
                for kind in column_types.TYPES
            }
    drawn = column_types.drawn(cells)
    if "--write" not in sys.argv[1:]:
        print(drawn)
        return 0
    before, rest = column_types.PAGE.read_text(encoding="utf-8").split(column_types.BEGIN)
    after = rest.split(column_types.END)[1]
    column_types.PAGE.write_text(before + column_types.BEGIN + drawn + column_types.END + after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
