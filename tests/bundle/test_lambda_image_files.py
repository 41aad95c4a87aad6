"""Zip or image, and the files of an image, for a lambda folder of a few bytes."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from isoship.bundle.aws_lambda.image import (
    BASE_IMAGE,
    MAX_IMAGE,
    MAX_UNZIPPED,
    chosen_package,
    content_tag,
    image_faults,
    memory_for,
    package_of,
    write_image,
)
from isoship.bundle.aws_lambda.sam import write_template
from isoship.bundle.folder import built_aside
from isoship.bundle.target import Target
from isoship.errors import BundleError


@pytest.mark.parametrize(
    ("asked", "unzipped", "package"),
    [
        ("auto", MAX_UNZIPPED, "zip"),
        ("auto", MAX_UNZIPPED + 1, "image"),
        ("zip", MAX_UNZIPPED, "zip"),
        ("image", 1, "image"),
        ("image", MAX_IMAGE - BASE_IMAGE, "image"),
    ],
)
def test_a_package_that_lambda_takes(asked: str, unzipped: int, package: str) -> None:
    assert chosen_package(asked, unzipped) == package


@pytest.mark.parametrize(
    ("asked", "unzipped", "words"),
    [
        ("zip", MAX_UNZIPPED + 2**20, "lambda/ is 251 MB unzipped, and Lambda takes 250 MB in a zip: .*package image"),
        ("auto", MAX_IMAGE - BASE_IMAGE + 1, "Lambda takes 10240 MB of a container image: export without lambda"),
        ("image", MAX_IMAGE, "10240 MB of a container image"),
    ],
)
def test_what_lambda_does_not_take_is_refused_with_the_reason(asked: str, unzipped: int, words: str) -> None:
    with pytest.raises(BundleError, match=words):
        chosen_package(asked, unzipped)


def test_a_large_model_gets_memory() -> None:
    assert [memory_for(mb * 2**20) for mb in (1, 500, 1000, 2048, 8000)] == [1769, 1769, 3256, 6400, 10240]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A bundle's image of one module, exported under a strict umask."""
    bundle = tmp_path / "bundle"
    (bundle / "lambda" / "package").mkdir(parents=True, mode=0o700)
    (bundle / "lambda" / "package" / "module.py").write_text("one = 1")
    (bundle / "lambda" / "package" / "module.py").chmod(0o600)
    (bundle / "lambda" / "model.onnx").write_bytes(b"0" * 100)
    target = Target("3.12", "arm64")
    write_template(bundle, target, write_image(bundle, bundle / "lambda", target))
    return bundle


def test_the_base_image_is_that_of_the_target(root: Path) -> None:
    lines = (root / "Dockerfile").read_text().splitlines()
    assert "FROM public.ecr.aws/lambda/python:3.12-arm64" in lines
    assert 'CMD ["isoship_lambda.handler.handler"]' in lines


def test_lambdas_user_may_read_everything(root: Path) -> None:
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (root / "lambda").rglob("*")}
    assert modes == {"package": 0o755, "module.py": 0o644, "model.onnx": 0o644}


def test_the_tag_is_of_names_and_contents(root: Path) -> None:
    tags = [content_tag(root / "lambda")]
    assert package_of(root) == "image"
    assert tags[0] in (root / "template.yaml").read_text()
    assert image_faults(root) == []
    (root / "lambda" / "package" / "module.py").write_text("one = 2")
    tags.append(content_tag(root / "lambda"))
    (root / "lambda" / "package" / "module.py").rename(root / "lambda" / "package" / "other.py")
    tags.append(content_tag(root / "lambda"))
    assert len(set(tags)) == 3
    (fault,) = image_faults(root)
    assert fault == f"template.yaml deploys the image {tags[0]}, and lambda/ makes {tags[2]}"


def test_a_missing_dockerfile_is_a_fault(root: Path) -> None:
    (root / "Dockerfile").unlink()
    assert image_faults(root) == ["Dockerfile is missing"]


def test_a_zip_in_its_place_takes_our_dockerfile_away_and_leaves_a_users(root: Path) -> None:
    """A model may grow or shrink across the limit; a Dockerfile beside a zip is somebody's own."""
    for name, left in (("ours", False), ("users", True)):
        if name == "users":
            (root / "Dockerfile").write_text("FROM scratch\n")
        with built_aside(root) as aside:
            (aside / "manifest.json").write_text(json.dumps({"name": "x"}))
            write_template(aside, Target("3.12", "arm64"))
        assert (root / "Dockerfile").exists() is left
        assert package_of(root) == "zip"
