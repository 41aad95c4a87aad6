"""A file of 200 MB does not freeze the page: it draws, and memory does not grow with the file.

`make test-all` runs it (group `files`): half a minute, and half a gigabyte that the browser puts on the disk.
"""

from __future__ import annotations

from pathlib import Path

from file_bundles import csv_text, exported, table
from node_script import WEB, run_node

HERE = Path(__file__).parent
MEGABYTES = 200
ROWS = 20_000


def test_two_hundred_megabytes_do_not_freeze_the_page(tmp_path: Path) -> None:
    bundle = exported(tmp_path)
    given = csv_text(table(ROWS).assign(note="plain"))
    (tmp_path / "rows.csv").write_text(given, encoding="utf-8", newline="")
    job = {"bundle": str(bundle / "web"), "csv": str(tmp_path / "rows.csv"), "megabytes": MEGABYTES}
    seen = run_node(HERE / "large.mjs", str(WEB / "package.json"), stdin=job)
    print(seen)
    parts = -(-MEGABYTES * 10**6 // len(given.split("\n", 1)[1].encode()))
    assert seen["size"] >= MEGABYTES * 10**6
    assert seen["problem"] == ""
    assert seen["status"].startswith(f"{parts * ROWS:,} rows in ")
    assert seen["lines"] == parts * ROWS + 1
    assert seen["longest"] < 200, "milliseconds in which the page did not answer"
    assert seen["frames"] > seen["framesAt"] + 20
    assert seen["memory"] < 300e6, "bytes beyond the page without a file, at the most: file and answers have 700e6"
    assert seen["console"] == []
