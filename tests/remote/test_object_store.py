"""Bundles, rows and answers in an object store: whole or not at all, whatever a connection does.

`make test-all GROUP=remote` runs it, in an environment of its own (scripts/extra.sh remote).
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import isoship
from conftest import BUCKET, Dropping
from isoship.errors import BundleError, OutputFolderError

X = pd.DataFrame({"age": [20.0, 30.0, 40.0, 50.0], "income": [1.0, 3.0, 2.0, 4.0]})
BUNDLE, ROWS, OUT = (f"s3://{BUCKET}/{name}" for name in ("bundle", "night/a.parquet", "out/a.parquet"))


def command(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "isoship", *arguments], capture_output=True, text=True, timeout=180, **options
    )


def keys(store: Any) -> set[str]:
    return {one["Key"] for one in store.list_objects_v2(Bucket=BUCKET).get("Contents", ())}


def uploads(store: Any) -> list[Any]:
    return list(store.list_multipart_uploads(Bucket=BUCKET).get("Uploads", ()))


@pytest.fixture(scope="module")
def local_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = LogisticRegression().fit(X, [0, 1, 0, 1])
    return isoship.export(model, sample=X, out=tmp_path_factory.mktemp("remote") / "b", name="churn", targets=()).path


@pytest.fixture
def sent(store: Any, local_bundle: Path, tmp_path: Path) -> Any:
    """The bundle, and 20,000 rows of 1 MB."""
    for path in local_bundle.rglob("*"):
        if path.is_file() and ".isoship" not in path.parts:
            store.upload_file(str(path), BUCKET, f"bundle/{path.relative_to(local_bundle).as_posix()}")
    rows(20_000).to_parquet(tmp_path / "a.parquet")
    store.upload_file(str(tmp_path / "a.parquet"), BUCKET, "night/a.parquet")
    return store


def rows(count: int) -> pd.DataFrame:
    random = np.random.default_rng(1)
    return pd.DataFrame({"age": random.normal(40, 9, count), "income": random.normal(2, 1, count), "n": range(count)})


def answered(store: Any, tmp_path: Path, key: str = "out/a.parquet") -> pd.DataFrame:
    store.download_file(BUCKET, key, str(tmp_path / "back.parquet"))
    return pd.read_parquet(tmp_path / "back.parquet")


def right(made: pd.DataFrame, bundle: Path, tmp_path: Path) -> bool:
    isoship.predict(bundle, tmp_path / "a.parquet", tmp_path / "want.parquet")
    return made.equals(pd.read_parquet(tmp_path / "want.parquet"))


def test_export_and_everything_behind_it(store: Any, proxy: Dropping, tmp_path: Path) -> None:
    import joblib

    joblib.dump(LogisticRegression().fit(X, [0, 1, 0, 1]), tmp_path / "model.joblib")
    X.to_parquet(tmp_path / "rows.parquet")
    store.upload_file(str(tmp_path / "rows.parquet"), BUCKET, "samples/rows.parquet")
    sample = f"s3://{BUCKET}/samples/rows.parquet"
    export = ("export", str(tmp_path / "model.joblib"), "--sample", sample, "-o", BUNDLE, "--targets", "none")
    done = command(*export, "--name", "churn")
    assert done.returncode == 0, done.stderr
    assert f"isoship predict {BUNDLE}" in done.stdout
    assert {"bundle/manifest.json", "bundle/model.onnx", "bundle/golden.json"} <= keys(store)
    assert not any(".isoship" in key for key in keys(store))
    assert json.loads(command("inspect", BUNDLE, "--json").stdout)["name"] == "churn"
    checked = command("check", BUNDLE, "--model", str(tmp_path / "model.joblib"), "--runtimes", "onnxruntime")
    assert checked.returncode == 0, checked.stderr
    assert command("diff", BUNDLE, BUNDLE).returncode == 0
    # another model's bundle stands in the way, and gives way to --force
    refused = command(*export, "--name", "other")
    assert refused.returncode == 2
    assert "holds the bundle 'churn', not 'other'" in refused.stderr
    assert command(*export, "--name", "other", "--force").returncode == 0
    assert json.loads(command("inspect", BUNDLE, "--json").stdout)["name"] == "other"
    store.put_object(Bucket=BUCKET, Key="mine/notes.txt", Body=b"x")
    refused = command(*export[:4], "-o", f"s3://{BUCKET}/mine", "--targets", "none")
    assert refused.returncode == 2
    assert "is not empty and holds no bundle" in refused.stderr


def test_predict_from_it_and_to_it(sent: Any, local_bundle: Path, tmp_path: Path) -> None:
    done = command("predict", BUNDLE, ROWS, "-o", OUT)
    assert done.returncode == 0, done.stderr
    assert f"20000 rows -> {OUT}" in done.stderr
    assert right(answered(sent, tmp_path), local_bundle, tmp_path)
    sent.upload_file(str(tmp_path / "a.parquet"), BUCKET, "night/sub/b.parquet")
    sent.put_object(Bucket=BUCKET, Key="night/_SUCCESS", Body=b"")
    done = command("predict", BUNDLE, f"s3://{BUCKET}/night", "-o", f"s3://{BUCKET}/scored")
    assert done.returncode == 0, done.stderr
    assert {key for key in keys(sent) if key.startswith("scored")} == {"scored/a.parquet", "scored/sub/b.parquet"}
    done = command("predict", BUNDLE, f"s3://{BUCKET}/night/*.parquet", "-o", str(tmp_path / "glob.parquet"))
    assert len(pd.read_parquet(tmp_path / "glob.parquet")) == 20_000
    refused = command("predict", BUNDLE, f"s3://{BUCKET}/night", "-o", f"s3://{BUCKET}/night/scored")
    assert "lies where the rows are" in refused.stderr


@pytest.mark.parametrize("drops", [1, 3])
def test_a_dropped_connection_is_tried_again(
    sent: Any, proxy: Dropping, local_bundle: Path, tmp_path: Path, drops: int
) -> None:
    proxy.drop_after, proxy.drops = 100_000, drops  # in the middle of the rows, or of the answers
    done = command("predict", BUNDLE, ROWS, "-o", OUT)
    assert proxy.dropped == drops
    assert done.returncode == 0, done.stderr
    assert right(answered(sent, tmp_path), local_bundle, tmp_path)
    assert uploads(sent) == []


def test_a_dropped_upload_is_tried_again(sent: Any, proxy: Dropping, local_bundle: Path, tmp_path: Path) -> None:
    proxy.drop_after, proxy.drops = 300_000, 2
    done = command("predict", str(local_bundle), str(tmp_path / "a.parquet"), "-o", OUT)
    assert proxy.dropped == 2
    assert done.returncode == 0, done.stderr
    assert right(answered(sent, tmp_path), local_bundle, tmp_path)
    assert uploads(sent) == []


@pytest.mark.parametrize("what", ["rows", "answers", "bundle"])
def test_a_connection_that_always_drops(
    sent: Any, proxy: Dropping, local_bundle: Path, tmp_path: Path, what: str
) -> None:
    proxy.drop_after, proxy.drops = 100_000, None
    before = keys(sent)
    bundle = str(local_bundle)
    if what == "bundle":
        proxy.drop_after = 1_000
        bundle = BUNDLE
    place = ROWS if what == "rows" else str(tmp_path / "a.parquet")
    out = OUT if what == "answers" else str(tmp_path / "out.parquet")
    done = command("predict", bundle, place, "-o", out)
    assert done.returncode == 2
    last = done.stderr.strip().splitlines()[-1]
    named = {"rows": f"{ROWS} is not read", "answers": f"{OUT} is not written", "bundle": f"{BUNDLE} is not read"}[what]
    assert last.startswith(f"isoship: {named}: "), done.stderr
    assert "Traceback" not in done.stderr
    assert keys(sent) == before
    assert not (tmp_path / "out.parquet").exists()
    proxy.drop_after = None
    assert uploads(sent) == []


def test_a_large_file_goes_in_parts_and_a_dropped_one_leaves_none(
    sent: Any, proxy: Dropping, local_bundle: Path, tmp_path: Path
) -> None:
    rows(1_200_000).to_parquet(tmp_path / "large.parquet")  # 48 MB of answers
    proxy.drop_after, proxy.drops = 10_000_000, None  # in the middle of a part
    done = command("predict", str(local_bundle), str(tmp_path / "large.parquet"), "-o", OUT)
    assert done.returncode == 2, done.stderr
    assert "out/a.parquet" not in keys(sent)
    proxy.drop_after = None
    assert uploads(sent) == []
    done = command("predict", str(local_bundle), str(tmp_path / "large.parquet"), "-o", OUT)
    assert done.returncode == 0, done.stderr
    assert len(answered(sent, tmp_path)) == 1_200_000


def test_sigterm_leaves_nothing(sent: Any, proxy: Dropping, local_bundle: Path, tmp_path: Path) -> None:
    rows(1_200_000).to_parquet(tmp_path / "large.parquet")
    process = subprocess.Popen(
        [sys.executable, "-m", "isoship", "predict", str(local_bundle), str(tmp_path / "large.parquet"), "-o", OUT],
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None and not uploads(sent):
        time.sleep(0.02)
    assert process.poll() is None, "it was done before it could be ended"
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 143
    assert "out/a.parquet" not in keys(sent)
    assert uploads(sent) == []


def test_a_publication_that_fails_leaves_no_bundle(
    store: Any, proxy: Dropping, local_bundle: Path, tmp_path: Path
) -> None:
    from isoship.remote.bundles import publish, refuse_unless_ours
    from isoship.remote.urls import RemoteError

    (tmp_path / "b").mkdir()
    for path in local_bundle.iterdir():
        if path.is_file():
            (tmp_path / "b" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "b" / "zz.bin").write_bytes(b"\x01" * 400_000)
    publish(tmp_path / "b", BUNDLE, lambda _said: None)
    assert "bundle/manifest.json" in keys(store)
    proxy.drop_after, proxy.drops = 200_000, None
    with pytest.raises(RemoteError, match="is not written"):
        publish(tmp_path / "b", BUNDLE, lambda _said: None)
    proxy.drop_after = None
    assert "bundle/manifest.json" not in keys(store)
    with pytest.raises(BundleError, match="no bundle at"):
        isoship.check(BUNDLE)
    store.put_object(Bucket=BUCKET, Key="bundle/old.bin", Body=b"left of the bundle before")
    refuse_unless_ours(BUNDLE, "churn", force=False)  # another attempt is let through, and ends clean
    publish(tmp_path / "b", BUNDLE, lambda _said: None)
    assert {key.removeprefix("bundle/") for key in keys(store)} == {path.name for path in (tmp_path / "b").iterdir()}
    publish(tmp_path / "b", f"{BUNDLE}2", lambda _said: None)
    assert {key.removeprefix("bundle2/") for key in keys(store) if key.startswith("bundle2/")} == {
        path.name for path in (tmp_path / "b").iterdir()
    }


def test_what_is_not_there(store: Any, proxy: Dropping, local_bundle: Path, tmp_path: Path) -> None:
    done = command("predict", str(local_bundle), ROWS, "-o", str(tmp_path / "out.csv"))
    assert done.returncode == 2
    assert done.stderr.strip() == f"isoship: {ROWS} holds no file of rows (.csv, .jsonl, .ndjson, .json, .parquet)"
    done = command("inspect", BUNDLE)
    assert done.returncode == 2
    assert f"no bundle at {BUNDLE}" in done.stderr
    done = command("predict", str(local_bundle), str(tmp_path), "-o", "gopher://x/out.csv")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    store.put_object(Bucket=BUCKET, Key="bundle/x", Body=b"x")
    with pytest.raises(OutputFolderError):
        isoship.export(LogisticRegression().fit(X, [0, 1, 0, 1]), sample=X, out=BUNDLE, targets=())


def test_hostile_names_are_no_bundle(store: Any, proxy: Dropping, tmp_path: Path) -> None:
    for key in ("bundle/manifest.json", "bundle/a/../../../evil"):
        store.put_object(Bucket=BUCKET, Key=key, Body=b"{}")
    done = command("inspect", BUNDLE)
    assert done.returncode == 2
    assert "evil" in done.stderr


def test_a_key_that_leads_out_of_the_folder_is_refused(sent: Any, local_bundle: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside" / "rows.csv"
    sent.put_object(Bucket=BUCKET, Key=f"in/{outside}", Body=b"age,income\n1,2\n")
    done = command("predict", str(local_bundle), f"s3://{BUCKET}/in", "-o", str(tmp_path / "out"))
    assert done.returncode == 2
    assert "no path below it" in done.stderr
    assert not outside.exists()
