"""Reads .skops files: what they may hold is a list of names, and what skops does not check in them is checked here.

skops builds objects of the types that it trusts and of those that it is told to trust. It trusts estimators, arrays,
ufuncs and numbers by itself; the rest of what scikit-learn's fitted estimators hold is named below. No function is: a
function of these libraries may read files or import code once a model calls it. A file with any other name is refused,
and its owner can look at the names and load it.
"""

from __future__ import annotations

import zipfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from isoship.errors import MissingExtraError, ModelFileError
from isoship.sources.lightgbm import checked_state
from isoship.sources.sklearn.saved_by import refuse_other_release, release_in_skops
from isoship.sources.sklearn.walk.nodes import check_nodes

#: Module -> classes that fitted estimators hold.
_CLASSES = {
    "numpy": ("dtype",),
    "scipy.sparse._csc": ("csc_array", "csc_matrix"),
    "scipy.sparse._csr": ("csr_array", "csr_matrix"),
    "sklearn._loss.loss": ("HalfTweedieLoss", "HalfTweedieLossIdentity"),
    "sklearn.calibration": ("_CalibratedClassifier", "_SigmoidCalibration"),
    "sklearn.cluster._bisect_k_means": ("_BisectingTree",),
    "sklearn.ensemble._hist_gradient_boosting.predictor": ("TreePredictor",),
    "sklearn.gaussian_process._gpc": ("_BinaryGaussianProcessClassifierLaplace",),
    "sklearn.gaussian_process.kernels": (
        "CompoundKernel",
        "ConstantKernel",
        "DotProduct",
        "ExpSineSquared",
        "Exponentiation",
        "Matern",
        "Product",
        "RBF",
        "RationalQuadratic",
        "Sum",
        "WhiteKernel",
    ),
    "sklearn.metrics._dist_metrics": (
        "ChebyshevDistance64",
        "EuclideanDistance64",
        "ManhattanDistance64",
        "MinkowskiDistance64",
    ),
    "sklearn.metrics._scorer": ("_PassthroughScorer",),
    "sklearn.model_selection._split": ("KFold", "StratifiedKFold"),
    "sklearn.multiclass": ("_ConstantPredictor",),
    "sklearn.neighbors._ball_tree": ("BallTree",),
    "sklearn.neighbors._kd_tree": ("KDTree",),
    "sklearn.neural_network._stochastic_optimizers": ("AdamOptimizer", "SGDOptimizer"),
    "sklearn.tree._tree": ("Tree",),
    "sklearn.utils._bunch": ("Bunch",),
    "sklearn.utils._metadata_requests": ("MetadataRequest", "MethodMetadataRequest"),
}
#: What a file may unpack to: its document, and all of it where it is more than so many times its own size.
MAX_DOCUMENT = 512 * 2**20
MAX_UNPACKED, MAX_RATIO = 2**30, 20
TRUSTED = frozenset(f"{module}.{name}" for module, names in _CLASSES.items() for name in names)


def read_skops(path: Path, _notes: list[str], trusted: frozenset[str] = frozenset()) -> Any:
    """The object in a .skops file. trusted: classes and functions of the user's own that it may hold.

    Raises:
        ModelFileError: it holds a type that is not trusted, nodes of trees that point outside, is no such file, or
            was written by another scikit-learn.
        MissingExtraError: skops is not installed.
    """
    try:
        from skops import io
    except ImportError as err:
        raise MissingExtraError("skops", "skops", f"reading {path.name}") from err
    if not zipfile.is_zipfile(path):
        raise ModelFileError(f"{path} is no .skops file. Write it with skops.io.dump(model, path)")
    _check_sizes(path)
    refuse_other_release(path, release_in_skops(path))
    try:
        unknown = io.get_untrusted_types(file=path)
        lightgbm = checked_state.is_here() and not set(unknown).isdisjoint(checked_state.TRUSTED)
        strange = sorted(set(unknown) - TRUSTED - trusted - (checked_state.TRUSTED if lightgbm else frozenset()))
        if strange:
            more = f" and {len(strange) - 5} more" if len(strange) > 5 else ""
            raise ModelFileError(
                f"{path} holds types that neither skops nor isoship trusts: {', '.join(strange[:5])}{more}. Look at"
                " them; if you trust them, load the file yourself with skops.io.load(path, trusted=[...]) and give the"
                " model to isoship.export"
            )
        with checked_state.boosters_checked() if lightgbm else nullcontext():
            model = io.load(path, trusted=unknown)
    except RecursionError as err:
        raise ModelFileError(f"{path} is no .skops file that skops can read: it is nested too deeply") from err
    except (KeyError, ValueError, TypeError, AttributeError, ImportError, OSError, IndexError) as err:
        first = (str(err).strip().splitlines() or [type(err).__name__])[0][:200]
        raise ModelFileError(f"{path} is no .skops file that skops can read: {first}") from err
    wrong = check_nodes(model)
    if wrong:
        raise ModelFileError(f"{path} is damaged or made to do harm: {wrong}. Export a file that you made yourself")
    return model


def _check_sizes(path: Path) -> None:
    """Before a member is unpacked: a few kilobytes can unpack to what no memory holds.

    Raises:
        ModelFileError: the file unpacks to more than a model's would.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            # zipfile reads no more of a member than this says
            sizes = {member.filename: member.file_size for member in archive.infolist()}
    except (OSError, zipfile.BadZipFile, NotImplementedError) as err:
        raise ModelFileError(f"{path} is no .skops file: it is damaged ({err})") from err
    total, own = sum(sizes.values()), path.stat().st_size
    if sizes.get("schema.json", 0) > MAX_DOCUMENT or total > max(MAX_UNPACKED, MAX_RATIO * own):
        raise ModelFileError(
            f"{path} unpacks from {own:,} to {total:,} bytes, which no model of scikit-learn's does: it is not read."
            " Load it with skops.io.load where you trust it, and give the model to isoship.export"
        )
