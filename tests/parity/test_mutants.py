"""Planted faults: a few of `make mutants`, and what makes their verdicts worth something."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from benchmarks.mutants import sealing
from benchmarks.mutants.bases import exported, trained
from benchmarks.mutants.catalogue import controls
from benchmarks.mutants.graph import Canonical
from benchmarks.mutants.sealing import copied
from benchmarks.mutants.trees import LEQ, Ensemble
from benchmarks.mutants.trial import catalogue, try_mutant

from isoship.bundle.bundle import Bundle
from isoship.parity.runners.contract import Shipped
from isoship.parity.verdict.integrity import integrity


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("mutants")


def planted(folder, name):
    return next(m for m in catalogue(folder) if m.name == name)


#: Faults that ordinary rows do not show, and what must give each away.
SUBTLE = {
    "threshold one ulp up, deep": {"path"},
    "<= turned to <": {"path"},
    "NaN takes the other branch, deep": {"path"},
    "classes in another order": {"files"},
    "infinity allowed where the model refuses": {"files", "refusals"},
}


#: Faults in networks, and what gives each away: a kind of call where the stated tolerance shows it.
NETWORKS = {
    "a kernel transposed": "normal",
    "batch norm's epsilon": "normal",
    "Pad folded into MaxPool": "normal",
    "LSTM gates in another order": "normal",
    "a cast truncates": "normal",
    "a weight's last bit": "bits",
    "a token beyond the table allowed": "crashed",
    "a network's tolerance widened": "files",
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_fault_in_a_network_is_detected_and_by_what(folder, name):
    outcome = try_mutant(planted(folder, name), folder)
    assert outcome.detected
    assert NETWORKS[name] in outcome.by


#: Faults in the row program, in tables, steps and evaluator, and what must give each away.
ROWS = {
    "rows: threshold one ulp up, doubles": {"path"},
    "rows: NaN takes the other branch": {"path", "missing"},
    "rows: features stay doubles": {"path", "threshold"},
    "rows: evaluator: the threshold itself goes right": {"crashed"},  # linked trees answer otherwise
    "rows: evaluator: softmax without its maximum": {"far"},
    "rows: of another training, not sealed": {"files"},
}


@pytest.mark.parametrize("name", ROWS)
def test_a_fault_in_the_row_program_is_detected_and_by_what(folder, name):
    outcome = try_mutant(planted(folder, name), folder)
    assert outcome.detected
    assert ROWS[name] <= set(outcome.by)


@pytest.mark.parametrize("name", SUBTLE)
def test_a_fault_that_ordinary_rows_do_not_show_is_detected_and_by_what(folder, name):
    outcome = try_mutant(planted(folder, name), folder)
    assert outcome.detected
    assert SUBTLE[name] <= set(outcome.by)
    assert not outcome.ordinary


@pytest.mark.parametrize(
    "name",
    [
        "output in float",
        "output renamed",
        "a tie goes to the last class",
        "closed category dropped",
        "what an imputer fills refused",
        "None asked as pandas.NA",
        "a sine by what stands beside it",
    ],
)
def test_a_plain_fault_is_detected_too(folder, name):
    assert try_mutant(planted(folder, name), folder).detected


@pytest.mark.parametrize("base", ["numeric", "linear"])
def test_a_copy_with_nothing_planted_agrees(folder, base):
    """Else the copying or the sealing would be what the mutants are detected by."""
    (control,) = controls([m for m in catalogue(folder) if m.base == base])
    outcome = try_mutant(control, folder)
    assert not outcome.detected, outcome.message


def test_names_of_mutants_are_their_own(folder):
    names = [m.name for m in catalogue(folder)]
    assert len(names) == len(set(names)) >= 45


def test_a_sealed_copy_leaves_the_base_as_it_was(folder, tmp_path):
    base = exported("numeric", folder)
    before = (base / "model.onnx").read_bytes()
    bundle = copied(base, tmp_path / "bundle")
    planted(folder, "threshold one ulp up").plant(bundle, np.random.default_rng(0))
    opened = Bundle.open(bundle)
    assert integrity(Shipped(bundle, opened.manifest, ())).status == "disagree"
    sealing.seal(bundle)
    opened = Bundle.open(bundle)
    assert integrity(Shipped(bundle, opened.manifest, ())).status == "agree"
    assert (bundle / "model.onnx").read_bytes() != before
    assert (base / "model.onnx").read_bytes() == before


def test_the_nodes_chosen_change_an_answer_where_the_fault_leads_a_row_astray(folder):
    """For a row led down to a twig by the graph's own intervals, the value moves by the gap of the twig's leaves."""
    base = exported("numeric", folder)
    ensemble = Ensemble(Canonical(base))
    answer = _run(base)
    tried = 0
    for twig in ensemble.twigs():
        column = int(ensemble.feature[twig.index])
        low, high = _box(ensemble, twig)
        if not (low < high).all():
            continue  # only rows with a missing value reach it
        row = _inside(low, high)
        threshold = float(ensemble.split[twig.index])
        row[column] = threshold
        beyond = row.copy()
        beyond[column] = np.nextafter(threshold, np.inf)
        assert answer(row) != answer(beyond)
        tried += 1
    assert tried > 20


def test_models_are_trained_once_a_run(folder):
    exported("linear", folder)
    assert (folder / "linear.joblib").is_file()
    first, _ = trained("linear", folder)
    assert trained("linear", folder)[0] is first


def _box(ensemble, twig):
    low, high = np.full(4, -np.inf), np.full(4, np.inf)
    for i, on_true in twig.above:
        column, below = ensemble.feature[i], on_true == (ensemble.mode[i] == LEQ)
        if below:
            high[column] = min(high[column], ensemble.split[i])
        else:
            low[column] = max(low[column], ensemble.split[i])
    return low, high


def _inside(low, high):
    low, high = np.where(np.isinf(low), np.minimum(high, 1e9) - 1, low), np.where(np.isinf(high), low + 1, high)
    return np.where(np.isinf(low), 0.0, np.where(np.isinf(high), low + 1, (low + high) / 2))


def _run(base):
    session = onnxruntime.InferenceSession(str(base / "model.onnx"), providers=["CPUExecutionProvider"])
    return lambda row: tuple(session.run(["probabilities"], {"X": row.reshape(1, -1)})[0].ravel().tolist())
