"""What is a URL and what is a path, and what a URL shows of itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from isoship.errors import MissingExtraError
from isoship.remote.urls import is_url, joined, local, shown


@pytest.mark.parametrize(
    ("place", "url"),
    [("s3://b/x", True), ("abfs+x://b", True), ("file:///tmp/x", True), ("rows.csv", False), ("C:\\rows.csv", False),
     ("c://rows", False), ("models:/churn/1", False), ("/a//b", False), (Path("s3:/b"), False), (None, False)],
)  # fmt: skip
def test_urls_and_paths(place: object, url: bool) -> None:
    assert is_url(place) is url


def test_a_url_is_shown_without_its_secrets() -> None:
    assert shown("https://me:word@host/rows.csv?sig=abc#x") == "https://host/rows.csv"
    assert joined("s3://b/a/", "c.csv") == "s3://b/a/c.csv"
    assert joined("https://h/a?sig=1", "c.csv") == "https://h/a/c.csv?sig=1"
    assert local("file:///tmp/x") == Path("/tmp/x")
    assert local("s3://b") is None


def test_without_the_extra_there_is_a_line_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.modules['fsspec'] = None; from isoship.cli import main; main()"]
    done = subprocess.run(
        [*command, "predict", "s3://b/bundle", "s3://b/rows.csv"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 2
    assert done.stderr == "isoship: a s3:// URL needs fsspec: pip install 'isoship[remote]'\n"
    assert issubclass(MissingExtraError, Exception)


def test_a_path_imports_nothing_of_it() -> None:
    program = "import sys, isoship.batch.scoring; assert 'fsspec' not in sys.modules and 'aiohttp' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
