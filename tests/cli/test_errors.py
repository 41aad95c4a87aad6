"""Bad input ends in one paragraph with the way out, the promised exit code, no traceback and nothing half-written."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

X = pd.DataFrame({"age": [20.0, 30.0, 40.0, 50.0], "income": [1.0, 3.0, 2.0, 4.0]})
Y = [0, 1, 0, 1]
EXPORT = ("export", "m.joblib", "--sample", "rows.csv", "--targets", "none")


def run(folder: Path, *arguments: str, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    """The installed command, in `folder`; limit: bytes that a file may have."""

    def lower() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [str(Path(sys.executable).with_name("isoship")), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=lower,
    )


def refused(ran: subprocess.CompletedProcess[str], *words: str) -> None:
    assert ran.returncode == 2, ran.stderr
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr
    paragraph = ran.stderr.strip().splitlines()[-1]
    assert paragraph.startswith("isoship: ")
    for word in words:
        assert word in paragraph


@pytest.fixture
def model(tmp_path: Path) -> Path:
    joblib.dump(make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y), tmp_path / "m.joblib")
    X.to_csv(tmp_path / "rows.csv", index=False)
    return tmp_path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, its sample and the bundle that the command made of them."""
    folder = tmp_path_factory.mktemp("made")
    joblib.dump(make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y), folder / "m.joblib")
    X.to_csv(folder / "rows.csv", index=False)
    ran = run(folder, *EXPORT)
    assert ran.returncode == 0, ran.stderr
    return folder


@pytest.fixture
def bundled(made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(made, tmp_path / "copy"))


def left_behind(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.name not in ("m.joblib", "rows.csv"))


def test_a_missing_model_file(tmp_path: Path) -> None:
    refused(run(tmp_path, "export", "nowhere.joblib"), "nowhere.joblib", "Give the path")


@pytest.mark.parametrize("name", ["m.joblib", "m.pkl", "m.skops", "m.xyz"])
def test_a_file_that_is_no_model(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"this is no model")
    refused(run(tmp_path, "export", name), name)
    assert left_behind(tmp_path) == ([] if name == "m.joblib" else [name])


def test_an_unfitted_estimator(tmp_path: Path) -> None:
    joblib.dump(LogisticRegression(), tmp_path / "m.joblib")
    refused(run(tmp_path, "export", "m.joblib"), "fit")
    assert left_behind(tmp_path) == []


def test_a_sample_without_the_models_columns(model: Path) -> None:
    X[["age"]].to_csv(model / "rows.csv", index=False)
    refused(run(model, "export", "m.joblib", "--sample", "rows.csv"), "income")
    assert left_behind(model) == []


def test_an_output_folder_that_is_not_ours_is_left_alone(model: Path) -> None:
    (model / "thesis").mkdir()
    (model / "thesis" / "chapter1.tex").write_text("years of work")
    for force in ([], ["--force"]):
        refused(
            run(model, "export", "m.joblib", "--sample", "rows.csv", "-o", "thesis", *force),
            "was not written by isoship",
            "-o",
        )
    assert [p.name for p in (model / "thesis").iterdir()] == ["chapter1.tex"]


def test_an_estimator_that_cannot_be_carried_is_named_by_its_path(tmp_path: Path) -> None:
    scaled = make_column_transformer((FunctionTransformer(np.sort), ["age", "income"]))
    joblib.dump(make_pipeline(scaled, RandomForestClassifier(3)).fit(X, Y), tmp_path / "m.joblib")
    refused(run(tmp_path, "export", "m.joblib"), "pipeline.steps[0]", "FunctionTransformer", "cannot be carried")
    assert left_behind(tmp_path) == []


def test_a_full_disk_leaves_the_old_bundle_as_it_was(bundled: Path) -> None:
    model = bundled
    before = (model / "bundle" / "manifest.json").read_bytes()
    ran = run(
        model, "export", "m.joblib", "--sample", "rows.csv", "--targets", "edge", "--edge-arch", "x86_64",
        "--model-version", "2", "--offline", limit=3_000_000,
    )  # fmt: skip
    refused(ran, "could not write the bundle", "Nothing was changed")
    assert (model / "bundle" / "manifest.json").read_bytes() == before
    assert left_behind(model) == ["bundle"]


def test_another_models_bundle_is_replaced_only_by_force(bundled: Path) -> None:
    refused(run(bundled, *EXPORT, "--name", "other"), "bundle 'm'", "--force")
    assert run(bundled, *EXPORT, "--name", "other", "--force").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--name", "Not A Slug"), ("--name", "a-z")),
        (("--targets", "web,moon"), ("moon", "lambda, edge, web")),
        (("--dtype", "age=text"), ("COLUMN=TYPE",)),
        (("--sample", "none.csv"), ("none.csv",)),
    ],
)
def test_options_that_make_no_sense(model: Path, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    refused(run(model, "export", "m.joblib", *arguments), *words)


@pytest.mark.parametrize("command", ["check", "inspect", "serve"])
def test_a_folder_that_is_no_bundle(tmp_path: Path, command: str) -> None:
    refused(run(tmp_path, command, "."), "manifest")


def test_a_bundle_of_a_newer_format_is_refused_by_name(bundled: Path) -> None:
    manifest = bundled / "bundle" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 3', 1))
    refused(run(bundled, "inspect", "bundle"), "format 3", "up to 2")


def test_what_a_user_put_beside_a_bundle_stays_when_it_is_exported_again(bundled: Path) -> None:
    (bundled / "bundle" / "NOTES.md").write_text("mine")
    (bundled / "bundle" / "samconfig.toml").write_text("mine too")
    assert run(bundled, *EXPORT).returncode == 0
    assert (bundled / "bundle" / "NOTES.md").read_text() == "mine"
    assert (bundled / "bundle" / "samconfig.toml").read_text() == "mine too"


def test_rows_of_json_lines_with_other_columns_do_not_shift_in_csv(bundled: Path) -> None:
    (bundled / "r.jsonl").write_text('{"id": 1, "age": 20, "income": 1}\n{"income": 3, "age": 30, "id": 2}\n')
    lines = run(bundled, "predict", "bundle", "r.jsonl").stdout.splitlines()
    assert [line.split(",")[:3] for line in lines] == [["id", "age", "income"], ["1", "20", "1"], ["2", "30", "3"]]
    (bundled / "r.jsonl").write_text('{"age": 20, "income": 1}\n{"income": 3, "age": 30, "id": 2}\n')
    ran = run(bundled, "predict", "bundle", "r.jsonl")
    assert ran.returncode == 2
    assert '"id"' in ran.stderr


@pytest.mark.parametrize("bad", [("--atol", "nan"), ("--atol", "inf"), ("--rtol", "-1"), ("--seed", "-3")])
def test_tolerances_that_would_hide_everything(bundled: Path, bad: tuple[str, str]) -> None:
    ran = run(bundled, "check", "bundle", "--runtimes", "onnxruntime", *bad)
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr
