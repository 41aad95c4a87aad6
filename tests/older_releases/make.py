"""Makes the model files of other releases under files/: an environment for each release, in which its models are
trained, saved and asked.

    python tests/older_releases/make.py [NAME-VERSION ...] [--environments FOLDER]

One folder a release, a few kilobytes each: the models, and `expected.json` with the rows and the answers of the very
library that wrote them. Run again when a release is added to `releases.json`; the files are committed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
RELEASES: dict[str, list[str]] = json.loads((HERE / "releases.json").read_text())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("releases", nargs="*", default=[*RELEASES], help="such as xgboost-2.1.4; all by default")
    parser.add_argument("--environments", type=Path, default=HERE / ".environments", help="kept and used again")
    given = parser.parse_args()
    for release in given.releases:
        python = environment(given.environments / release, RELEASES[release])
        library = release.rpartition("-")[0].replace("-", "_")
        folder = HERE / "files" / release
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        subprocess.run([python, HERE / "writers" / f"{library}_writer.py", folder], check=True)
        print(release, sum(file.stat().st_size for file in folder.iterdir()), "bytes")


def environment(folder: Path, packages: list[str]) -> Path:
    """The Python of an environment with these packages."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)
    return python


if __name__ == "__main__":
    sys.exit(main())
