"""LightGBM's own files: read as the model that wrote them, and refused by name when they are not whole."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import lightgbm
import numpy as np
import pytest
from benchmarks.boosters.lightgbm_recipes import frame, recipes, table
from comparison import compare, odd_rows, rows_of
from handmade import ladder, stump, text_of
from lightgbm_rows import agree_on_rows, hostile_rows

from isoship.errors import ModelFileError
from isoship.sources import open_source
from isoship.sources.lightgbm.files import read_file

pytestmark = pytest.mark.filterwarnings("ignore")

SMALL = {"n_estimators": 5, "num_leaves": 8, "n_jobs": 1, "verbose": -1}


@pytest.fixture(scope="module")
def text() -> str:
    rows = table()
    model = lightgbm.LGBMClassifier(**SMALL, linear_tree=True).fit(rows, rows[:, 0] > 0)
    return model.booster_.model_to_string()


@pytest.fixture
def broken(tmp_path: Path):
    """Writes a text and returns what reading it says."""

    def read(text: str | bytes) -> str:
        path = tmp_path / "model.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(ModelFileError) as caught:
            read_file(path, [])
        assert str(path) in str(caught.value)
        assert "save_model" in str(caught.value)
        return str(caught.value)

    return read


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_file_answers_as_the_model_that_wrote_it(ends: str, tmp_path: Path) -> None:
    rows = table(gaps=0.1)
    model = lightgbm.LGBMClassifier(**SMALL).fit(rows, np.digitize(np.nan_to_num(rows[:, 0]), [-1, 1]))
    path = tmp_path / "three.txt"
    path.write_bytes(model.booster_.model_to_string().replace("\n", ends).encode())
    loaded = read_file(path, [])
    hostile = hostile_rows(loaded, rows)
    got = agree_on_rows(loaded, rows, hostile)
    np.testing.assert_allclose(got["probabilities"], model.predict_proba(hostile), rtol=1e-12, atol=1e-12)
    source = open_source(path, sample=rows)
    assert (source.library, source.estimator) == ("LightGBM", "Booster")
    assert source.outputs[0].classes == (0, 1, 2)
    assert source.signature.layout == "matrix"


def test_without_a_sample_the_file_names_its_columns(tmp_path: Path) -> None:
    data, target = frame()
    plain = data[["price in cents", "seen", "rooms"]]
    path = tmp_path / "rents.txt"
    lightgbm.LGBMRegressor(**SMALL).fit(plain, target).booster_.save_model(path)
    source = open_source(path)
    assert [column.name for column in source.signature.columns] == ["price_in_cents", "seen", "rooms"]
    named = open_source(path, sample=plain)
    assert [column.name for column in named.signature.columns] == ["price in cents", "seen", "rooms"]
    compare(named, rows_of(named, plain), 0, 0)


def test_strings_of_a_file_sample_become_the_categories_of_training() -> None:
    """A CSV does not keep pandas categories; the model file does."""
    path, data = recipes()["file linear_tree of pandas"]()
    source = open_source(path, sample=data.astype({"city": object, "size": object}))
    assert sum("as a pandas category" in note for note in source.notes) == 2
    rows = rows_of(source, data)
    compare(source, rows, 0, 0)
    compare(source, odd_rows(source, rows), 0, 0)
    np.testing.assert_array_equal(
        source.answers(rows).outputs["value"], lightgbm.Booster(model_file=path).predict(data)
    )


def test_a_file_cut_short_is_refused_wherever_it_is_cut(text: str, tmp_path: Path) -> None:
    """Never a crash of LightGBM's own reader: a process of its own would die of it."""
    path, outcomes = tmp_path / "cut.txt", set()
    end = text.index("end of trees") + len("end of trees")
    for at in [*range(0, end, 97), end - 1, text.index("\nparameters:") + 40, len(text) - 30]:
        path.write_text(text[:at])
        with pytest.raises(ModelFileError):
            read_file(path, [])
        outcomes.add(at)
    assert len(outcomes) > 40


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        (r"^tree\n", "forest\n"),
        (r"version=v4", "version=v9"),
        (r"num_class=1", "num_class=3"),
        (r"num_tree_per_iteration=1", "num_tree_per_iteration=0"),
        (r"max_feature_idx=5", "max_feature_idx=2000000000"),
        (r"max_feature_idx=5", "max_feature_idx=3"),
        (r"objective=binary sigmoid:1", "objective=binary sigmoid:-1"),
        (r"objective=binary", "objective=unary"),
        (r"tree_sizes=(\d+)", "tree_sizes=9999999"),
        (r"tree_sizes=(\d+)", "tree_sizes=-1"),
        (r"tree_sizes=(\d+) ", "tree_sizes="),
        (r"num_leaves=(\d)\n", "num_leaves=9\n"),
        (r"num_leaves=(\d)\n", "num_leaves=0\n"),
        (r"split_feature=\d", "split_feature=7"),
        (r"threshold=\S+", "threshold=abc"),
        (r"decision_type=\d", "decision_type=1"),
        (r"decision_type=\d", "decision_type=12"),
        (r"left_child=\d", "left_child=0"),
        (r"left_child=\d", "left_child=9"),
        (r"right_child=-?\d", "right_child=-9"),
        (r"leaf_value=\S+ ", "leaf_value="),
        (r"num_cat=\d\n", "mum_cat=0\n"),
        (r"num_cat=0\n", "num_cat=1\n"),
        (r"is_linear=\d", "is_linear=7"),
        (r"(?<=left_child=)\d \S", "0\x1f1"),
        (r"split_feature=\d ", "split_feature=0\x0b"),
        (r"num_features=\d", "num_features=9"),
        (r"leaf_features=\d", "leaf_features=6"),
        (r"leaf_coeff=\S+", "leaf_coeff="),
        (r"end of trees", "end"),
        (r"^\[max_depth: ", "[max_depth  "),
        (r"^\[max_depth: ", "[max_dep\nth: "),
        (r"pandas_categorical:.*", "pandas_categorical:[[\"a\""),
        (r"pandas_categorical:.*", "pandas_categorical:[1, 2]"),
    ],
)  # fmt: skip
def test_a_file_with_one_thing_wrong_is_refused(pattern: str, instead: str, text: str, broken) -> None:
    last = text + "\npandas_categorical:null\n" if "pandas_categorical" not in text else text
    found = list(re.finditer(pattern, last, re.MULTILINE))
    assert found, pattern
    keep_length = pattern.startswith(
        ("^tree", "end", "^\\[", "pandas", "version", "num_class", "num_tree", "max", "obj", "tree_")
    )
    # the last match with something in it: where trees are read, sizes must stay true
    match = found[0] if keep_length else next(m for m in found if len(m.group()) >= len(instead) - 3)
    changed = last[: match.start()] + instead + last[match.end() :]
    if not keep_length:
        changed = _resized(changed)
    assert changed != last
    broken(changed)


def _resized(text: str) -> str:
    """The text with tree_sizes that are true again, so that what is wrong inside a tree is reached."""
    first, end = text.index("Tree=0\n"), text.index("end of trees")
    starts = [match.start() for match in re.finditer(r"^Tree=\d+$", text, re.MULTILINE)] + [end]
    sizes = " ".join(str(b - a) for a, b in pairwise(starts))
    head = re.sub(r"tree_sizes=.*", f"tree_sizes={sizes}", text[:first])
    return head + text[first:]


@pytest.mark.parametrize(
    "content",
    [b"", b"hello\n", b"tree\n", b"\x00\xff\xfe", b"a,b\n1,2\n", b"tree\nversion=v4\n", "træ\n".encode("latin-1")],
)
def test_a_file_that_is_no_model_is_refused(content: bytes, broken) -> None:
    broken(content)


def test_sets_of_categories_are_checked(broken) -> None:
    good = stump(1, 0, words=[6])
    for wrong in (
        stump(1, 3, words=[6]),
        stump(1, 0.5, words=[6]),
        good.replace("cat_boundaries=0 1", "cat_boundaries=1 1"),
        good.replace("cat_boundaries=0 1", "cat_boundaries=0 2"),
        good.replace("cat_threshold=6", "cat_threshold=-6"),
        good.replace("cat_threshold=6", f"cat_threshold={2**32}"),
        good.replace("num_cat=1", "num_cat=0"),
    ):
        assert wrong != good
        assert "tree 0" in broken(text_of([wrong]))


def test_a_tree_whose_children_form_a_loop_is_refused(broken) -> None:
    loop = ladder([1.0, 2.0, 3.0, 4.0]).replace("right_child=1 2 -4", "right_child=1 1 -4")
    assert "form no tree" in broken(text_of([loop]))


def test_reading_a_hostile_file_leaves_the_process_alive(tmp_path: Path) -> None:
    """What LightGBM's reader does with such a file by itself differs by build; ours never lets it try."""
    path = tmp_path / "hostile.txt"
    path.write_text(text_of([stump(1, 7, words=[6])]))
    code = f"from isoship import to_onnx\ntry:\n to_onnx({str(path)!r})\nexcept Exception as e: print(type(e).__name__)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout.strip()) == (0, "ModelFileError"), ran.stderr
