from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from isoship.bundle.deterministic_zip import write_zip


def tree(folder: Path, order: list[str]) -> Path:
    for name in order:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode() * 100)
    (folder / "run").chmod(0o700)
    return folder


def test_bytes_do_not_depend_on_order_dates_place_or_umask(tmp_path: Path) -> None:
    first = tree(tmp_path / "a", ["run", "lib/x.so", "b.py", "a/__init__.py"])
    second = tree(tmp_path / "else" / "b", ["a/__init__.py", "b.py", "lib/x.so", "run"])
    for path in second.rglob("*"):
        if path.is_file():
            os.utime(path, (10**9, 10**9))
    (second / "b.py").chmod(0o664)
    size = write_zip(first, tmp_path / "1.zip")
    write_zip(second, tmp_path / "2.zip")
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    assert size == (tmp_path / "1.zip").stat().st_size


def test_entries_are_sorted_dated_1980_and_readable_by_all(tmp_path: Path) -> None:
    write_zip(tree(tmp_path / "a", ["run", "lib/x.so", "b.py"]), tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == ["b.py", "lib/x.so", "run"]
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert [oct(entry.external_attr >> 16) for entry in archive.infolist()] == ["0o100644", "0o100644", "0o100755"]
        assert archive.read("b.py") == b"b.py" * 100


def test_the_same_content_under_another_name_gives_other_bytes(tmp_path: Path) -> None:
    write_zip(tree(tmp_path / "a", ["run"]), tmp_path / "a.zip")
    renamed = tree(tmp_path / "b", ["run"])
    (renamed / "run").rename(renamed / "ran")
    write_zip(renamed, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() != (tmp_path / "b.zip").read_bytes()


def test_other_readers_take_it_and_a_kept_form_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = tree(tmp_path / "a", ["run", "é/x.py"])
    (folder / "empty").touch()
    (folder / "library.so").write_bytes(bytes(range(256)) * 8192)
    write_zip(folder, tmp_path / "plain.zip")
    for _ in range(2):
        write_zip(folder, tmp_path / "kept.zip", tmp_path / "cache")
        assert (tmp_path / "kept.zip").read_bytes() == (tmp_path / "plain.zip").read_bytes()
    (kept,) = (tmp_path / "cache").iterdir()  # what lies at the top is the model's
    whole = kept.read_bytes()
    for damaged in (whole[:-7], whole[:-1] + b"?", b"?" + whole[1:], b""):
        kept.write_bytes(damaged)
        write_zip(folder, tmp_path / "kept.zip", tmp_path / "cache")
        assert (tmp_path / "kept.zip").read_bytes() == (tmp_path / "plain.zip").read_bytes()
        assert kept.read_bytes() == whole, "a damaged one is made anew"
    with zipfile.ZipFile(tmp_path / "kept.zip") as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
        }


def test_a_failed_write_leaves_no_zip(tmp_path: Path) -> None:
    folder = tree(tmp_path / "a", ["run"])
    (tmp_path / "cache").write_text("a file where the folder should be")
    (folder / "lib").mkdir()
    (folder / "lib" / "library.so").write_bytes(bytes(2**20))
    with pytest.raises(OSError, match="cache"):
        write_zip(folder, tmp_path / "a.zip", tmp_path / "cache")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "cache"]
