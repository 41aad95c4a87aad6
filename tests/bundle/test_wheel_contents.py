from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from isoship.bundle.wheels import contents as wheel_contents
from isoship.bundle.wheels.contents import wheel_members
from isoship.errors import BundleError


def everything(_name: str) -> bool:
    return True


def archive_with(tmp_path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    path = tmp_path / "bad-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bad/first.py", b"1")
        for member, data in members:
            archive.writestr(member, data)
    return path


def test_only_wanted_files_are_given(tmp_path: Path) -> None:
    wheel = archive_with(tmp_path, ("bad/second.py", b"2"), ("bad/notes.txt", b"3"))
    assert dict(wheel_members(wheel, lambda n: n.endswith(".py"))) == {"bad/first.py": b"1", "bad/second.py": b"2"}


@pytest.mark.parametrize("name", ["../out.py", "bad/../../out.py", "/etc/out", "bad\\..\\out.py", "c:/out", "bad//x"])
def test_a_member_that_leaves_its_folder_is_refused_before_anything_is_given(tmp_path: Path, name: str) -> None:
    wheel = archive_with(tmp_path, (name, b"x"))
    given = []
    with pytest.raises(BundleError, match="leaves its folder"):
        given += list(wheel_members(wheel, everything))
    assert given == []


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    member = zipfile.ZipInfo("bad/link")
    member.external_attr = (kind | 0o777) << 16
    with pytest.raises(BundleError, match="link or a device"):
        list(wheel_members(archive_with(tmp_path, (member, b"/etc/passwd")), everything))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["bad/first.py", "bad/FIRST.py"])
def test_a_name_that_comes_twice_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BundleError, match="two members"):
        list(wheel_members(archive_with(tmp_path, (name, b"x")), everything))


def test_sizes_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = archive_with(tmp_path, ("bad/large.bin", bytes(2000)))
    monkeypatch.setattr(wheel_contents, "MAX_MEMBER_BYTES", 1999)
    with pytest.raises(BundleError, match=r"bad/large\.bin"):
        list(wheel_members(wheel, everything))
    monkeypatch.setattr(wheel_contents, "MAX_MEMBERS", 1)
    with pytest.raises(BundleError, match="2 members"):
        list(wheel_members(wheel, everything))


def test_a_member_longer_than_it_says_is_damaged(tmp_path: Path) -> None:
    wheel = archive_with(tmp_path, ("bad/long.bin", b"A" * 500))
    data = wheel.read_bytes()
    sizes = (500).to_bytes(4, "little") * 2
    assert data.count(sizes) == 2, "in the local header and in the directory"
    wheel.write_bytes(data.replace(sizes, (500).to_bytes(4, "little") + (100).to_bytes(4, "little")))
    with pytest.raises(BundleError, match="damaged"):
        list(wheel_members(wheel, everything))


def test_a_large_member_is_kept_unpacked_and_a_damaged_or_another_one_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISOSHIP_CACHE", str(tmp_path / "cache"))
    library = bytes(range(256)) * 4096
    wheel = archive_with(tmp_path, ("bad/lib.so", library))
    assert dict(wheel_members(wheel, everything))["bad/lib.so"] == library
    (kept,) = (tmp_path / "cache" / "unpacked").iterdir()
    whole = kept.read_bytes()
    for damaged in (whole[:-1] + b"?", whole[:-1], whole + b"?", b""):
        kept.write_bytes(damaged)
        assert dict(wheel_members(wheel, everything))["bad/lib.so"] == library
        assert kept.read_bytes() == library
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: b"unpacked again")
    assert dict(wheel_members(wheel, everything)) == {"bad/first.py": b"unpacked again", "bad/lib.so": library}


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    monkeypatch.setenv("ISOSHIP_CACHE", str(tmp_path / "cache"))
    wheel = archive_with(tmp_path, ("bad/lib.so", bytes(2**20)))
    assert dict(wheel_members(wheel, everything))["bad/lib.so"] == bytes(2**20)


@pytest.mark.parametrize("content", [b"", b"<html>captive portal</html>"])
def test_a_file_that_is_no_zip_is_named(tmp_path: Path, content: bytes) -> None:
    wheel = tmp_path / "bad-1.0-py3-none-any.whl"
    wheel.write_bytes(content)
    with pytest.raises(BundleError, match=r"bad-1\.0-py3-none-any\.whl is damaged"):
        list(wheel_members(wheel, everything))
