"""A fitted scikit-learn estimator as a source: its signature, its own answers, its canonical graph."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from isoship.errors import InputError, SampleError, UnsupportedModelError
from isoship.sources.boosters_inside import as_trained, in_known_types, known_types, known_values, refuse_unseen
from isoship.sources.contract import Answers, GraphStep, Jumps, Row, Trace, TrainingFrame
from isoship.sources.empty_text import with_empty_text
from isoship.sources.frames import frame_from_rows
from isoship.sources.named_labels import with_names
from isoship.sources.signature import signature_for, with_tensor_names
from isoship.sources.sklearn.contract.acceptance import contract_of
from isoship.sources.sklearn.contract.answered import Answered
from isoship.sources.sklearn.contract.base_row import base_row, fitted_row
from isoship.sources.sklearn.contract.checks import passed_by_checks
from isoship.sources.sklearn.contract.faster_model import faster_model
from isoship.sources.sklearn.contract.gaps import without_gaps
from isoship.sources.sklearn.contract.overflow import Finite, finite_rows
from isoship.sources.sklearn.contract.pieces import look_in_pieces
from isoship.sources.sklearn.contract.sample_answers import in_row_order, same_answers
from isoship.sources.sklearn.convert import onnx_from_sklearn
from isoship.sources.sklearn.outside.converters import Converters
from isoship.sources.sklearn.outside.given import Given, given_to
from isoship.sources.sklearn.outside.steps import Steps
from isoship.sources.sklearn.outside.tables import takes_tables
from isoship.sources.sklearn.tracing import look, untraceable, whole_in_some_batch
from isoship.sources.sklearn.truth.answers import ask, ask_each, margin_of, value_margin_of
from isoship.sources.sklearn.truth.float32_inside import double_tolerances
from isoship.sources.sklearn.truth.nudged import jumping_rows, refusal
from isoship.sources.sklearn.truth.outputs import METHODS, kinds_for, outputs_for
from isoship.sources.sklearn.truth.overflowing_sums import overflowing
from isoship.sources.sklearn.truth.own_rows import OwnRows, sample_head, sample_rows
from isoship.sources.sklearn.truth.step_answers import step_answers
from isoship.sources.sklearn.walk import fitted
from isoship.sources.sklearn.walk.carrier import brief
from isoship.sources.sklearn.walk.examples import feeds_from_sample
from isoship.sources.sklearn.walk.fittedness import check_fitted, is_known, steps_of
from isoship.sources.sklearn.walk.training_rows import holds_training_rows
from isoship_edge.manifest import Column, Output, Scalar, Signature

if TYPE_CHECKING:
    import onnx

#: How many rows of the sample are asked twice, as they came and as rebuilt from plain rows.
_COMPARED = 200
#: How many of them steps that are traced are given.
_TRACED = 29
#: How many are held against the ranges of the contract.
_SEARCHED = 20_000


class SklearnSource:
    """Implements `isoship.sources.contract.Source` for scikit-learn estimators and pipelines.

    converters: for classes of the user's own. to_convert: no graph is asked for otherwise, and any class will do.
    outside: once there is a graph, the steps that those have carried into it.

    Raises:
        ModelFileError: not fitted, or no estimator.
        SampleError: the sample does not fit the model, or one is needed.
        InputError: an output asked for does not exist, or `classes` are not the model's.
    """

    library = "scikit-learn"
    #: Whether a 0 in a row is what the sparse matrix of training did not store, and missing to the model.
    zeros_missing = False

    def __init__(
        self,
        estimator: Any,
        *,
        sample: Any = None,
        outputs: Sequence[str] | None = None,
        dtypes: Mapping[str, str] | None = None,
        classes: Sequence[Scalar] | None = None,
        converters: Converters | None = None,
        to_convert: bool = True,
    ) -> None:
        import sklearn

        notes: list[str] = []
        estimator, sample = as_trained(estimator, sample, notes)
        self.library_version: str = sklearn.__version__
        self.estimator: str = type(estimator).__name__
        self.model = estimator
        #: A check asks from several threads, and a step that answers through another one is heard by all.
        self._one_at_a_time = threading.RLock()
        self._converters = converters or Converters()
        self._converters.tell()
        check_fitted(estimator, lambda each: not to_convert or type(each) in self._converters or is_known(each))
        _check_takes_columns(estimator)
        # each method refuses on its own: NearestCentroid.predict_proba overflows where predict does not
        self.own: OwnRows | None = None
        self._methods = list(dict.fromkeys(METHODS[kind] for kind in kinds_for(estimator, outputs)))
        self._light = faster_model(estimator)
        self._answers_all = Answered(self._light, self._methods, self._frame)
        self._recoded = known_values(estimator)
        self._coded_types = known_types(estimator) if self._recoded else {}
        by_name = takes_tables(estimator, sample, self._methods)
        signature, self.training, guesses = signature_for(estimator, sample, dtypes, by_name=by_name)
        self.signature = signature
        known, behind = self._known()
        base = self._base_row(sample, known)
        self._trace_steps(base, sample, refuse=to_convert)
        guesses_of_overflow = [self._finite, self._passed]
        self.signature, more = contract_of(signature, base, known, self._answers_all, guesses_of_overflow, behind)
        self.signature, self._split = self._without_gaps(base, behind, sample)
        if sample is not None:
            self._split = self._split or self._rows_beyond_ranges(sample)
            self.own = OwnRows(sample, self.signature, self.training.container, self._ask_own)
        self.outputs: tuple[Output, ...] = outputs_for(estimator, self._frame([base, base]), outputs)
        if whole_in_some_batch(estimator):
            self.outputs = tuple(map(_as_numbers, self.outputs))
        self.label_names: np.ndarray[Any, Any] | None = None
        if classes is not None:
            self.outputs, self.label_names = with_names(self.outputs, classes, self._own_names(), self.estimator)
        if sample is not None:
            self._compare_with(sample)
        self.double_tolerances = double_tolerances(estimator, self.outputs)
        self.training_rows = holds_training_rows(estimator)
        self.signature = _with_marks(self.signature, self.training)
        self.signature, empties = with_empty_text(self.signature, known, sample)
        self.signature = with_tensor_names(self.signature, [output.name for output in self.outputs])
        self._tried = partial(self._own_or, base, sample)
        self._examples = partial(feeds_from_sample, sample, self.signature, self.training)
        self.outside: Steps | None = None
        self.notes: tuple[str, ...] = (*notes, *guesses, *more, *empties)

    def answers(self, rows: list[Row]) -> Answers:
        """See `Source.answers`."""
        with self._one_at_a_time:
            return self._answered(rows)

    def _answered(self, rows: list[Row]) -> Answers:
        frame = self._frame(rows)
        found, asked = self._asked(frame)
        margin = margin_of(self.model, found, frame, len(rows))
        settled = value_margin_of(self.model, found, frame)
        by_order = overflowing(self.model, frame)
        if by_order is not None:
            margin = np.where(by_order, 0.0, margin)
            settled = np.where(by_order, 0.0, np.inf if settled is None else settled)
        jumping = jumping_rows(self.model, asked, frame)
        if jumping is None:
            return Answers(found, margin, settled)
        firm = Jumps(margin, settled, lambda i: refusal(self.model, asked, self._frame([rows[i]])))
        margin = np.where(jumping, 0.0, margin)
        return Answers(found, margin, np.where(jumping, 0.0, np.inf if settled is None else settled), firm)

    def refuses(self, rows: list[Row]) -> list[bool]:
        """See `Source.refuses`."""
        return [not answered for answered in self._answers_all.each([[row] for row in rows])]

    def _trace_steps(self, base: Row, sample: Any, *, refuse: bool) -> None:
        """Follows steps of Python code before the model is asked for anything else.

        Raises:
            UnsupportedModelError: one of them cannot be traced, and there is to be a graph (`refuse`).
        """

        def ask_some() -> None:
            rows = [] if sample is None else sample_rows(sample, [c.name for c in self.signature.columns], _TRACED)
            answered = self._answers_all.each([[row] for row in rows]) if rows else []
            frame = self._frame([row for row, ok in zip(rows, answered, strict=True) if ok] or [base])
            for method in self._methods:
                ask(self.model, method, frame)

        look(self.model, ask_some, self._converters.__contains__)
        for path, step in steps_of(self.model):
            told = None if type(step) in self._converters else untraceable(step)
            if told is not None and refuse:
                raise UnsupportedModelError(f"{path} -> {brief(step)}" if path else brief(step), *told)

    def _ask_own(self, frame: Any) -> dict[str, np.ndarray[Any, Any]]:
        return self._asked(frame)[0]

    def _asked(self, frame: Any) -> tuple[dict[str, np.ndarray[Any, Any]], list[str]]:
        """Every output for a frame or array, and the methods that gave them."""
        asked = ask_each(self.model, list(dict.fromkeys(METHODS[output.kind] for output in self.outputs)), frame)
        found: dict[str, np.ndarray[Any, Any]] = {}
        for output in self.outputs:
            answer = asked[METHODS[output.kind]]
            if isinstance(answer, list):
                answer = answer[int(output.name.rpartition("_")[2])]
            if output.kind == "label" and self.label_names is not None:
                answer = self.label_names[answer.astype(np.int64)]
            found[output.name] = answer.astype(_NUMPY[output.dtype])
        return found, list(asked)

    def to_onnx(self) -> onnx.ModelProto:
        """See `Source.to_onnx`."""
        return self._graph()

    def trace(self) -> Trace:
        """The canonical graph, made again, with its steps.

        Raises: as `to_onnx`.
        """
        steps: list[GraphStep] = []
        return Trace(self._graph(steps), tuple(steps))

    def answers_of_steps(self, rows: list[Row], steps: Sequence[GraphStep]) -> list[dict[str, np.ndarray[Any, Any]]]:
        """For each of the steps, method -> what it answered while the model was asked for these rows.

        Raises:
            InputError: the model refuses the rows.
        """
        methods = list(dict.fromkeys(METHODS[output.kind] for output in self.outputs))
        with self._one_at_a_time:
            return step_answers(self.model, methods, self._frame(rows), [step.estimator for step in steps])

    def _graph(self, steps: list[GraphStep] | None = None) -> onnx.ModelProto:
        names = fitted.column_names(self.model)
        typed = zip(self.signature.columns, self.training.dtypes, strict=True)
        categories = [column.name for column, dtype in typed if dtype == "category"]
        marked = zip(self.signature.columns, self.training.missing, strict=True)
        nones = [column.name for column, missing in marked if column.dtype == "string" and missing == "none"]
        self.outside = Steps(self._converters, self._overhear)
        graph = onnx_from_sklearn(
            self.model,
            self.signature,
            self.outputs,
            names,
            self._examples,
            categories,
            nones,
            zeros_missing=self.zeros_missing,
            label_names=self.label_names,
            steps=steps,
            others=(self.outside.carry,),
        )
        if self._split is not None:  # what a converter refuses by itself is told first
            raise self._split
        return graph

    def _own_names(self) -> Sequence[Scalar] | None:
        """The names of classes that the model keeps, None where it keeps none."""
        return next((output.classes for output in self.outputs if output.kind == "label"), None) or ()

    def _overhear(self, step: Any, rows: list[Row] | None) -> Given | None:
        with self._one_at_a_time:
            return given_to(step, self.model, self._methods, self._frame(self._tried() if rows is None else rows))

    def _own_or(self, base: Row, sample: Any) -> list[Row]:
        """Rows of the sample that the model answers, else the one from which the contract was asked."""
        rows = [] if sample is None else sample_rows(sample, [c.name for c in self.signature.columns], _COMPARED)
        if rows and not self._answers_all(rows):
            rows = [row for row, refused in zip(rows, self.refuses(rows), strict=True) if not refused]
        return rows or [base]

    def _frame(self, rows: list[Row]) -> Any:
        if self._recoded:
            refuse_unseen(rows, self.training.categories, self._recoded)
        frame = frame_from_rows(rows, self.signature, self.training)
        return in_known_types(frame, self._coded_types) if self._coded_types else frame

    def _finite(self, rows: list[Row]) -> Finite | None:
        return look_in_pieces(lambda piece: finite_rows(self._light, self._frame(piece)), rows)

    def _passed(self, rows: list[Row]) -> Finite | None:
        return look_in_pieces(lambda piece: passed_by_checks(self._light, self._methods, self._frame(piece)), rows)

    def _known(self) -> tuple[dict[str, list[fitted.Known]], set[str]]:
        """What fitted encoders know, and what the model's own category columns hold, by column name; and the columns
        that reach an encoder with other values."""
        names = fitted.column_names(self.model) or [column.name for column in self.signature.columns]
        found = {names[i]: each for i, each in fitted.categories_known(self.model, len(names)).items()}
        behind = {name for name, every in found.items() if not all(each.as_it_came for each in every)}
        known = {name: [each for each in every if each.as_it_came] for name, every in found.items()}
        for name, categories in self.training.categories.items():
            # a booster may refuse others; whether it does is asked
            known.setdefault(name, [fitted.Known(tuple(categories), refuses_others=True)])
        return known, behind

    def _without_gaps(self, base: Row, behind: set[str], sample: Any) -> tuple[Signature, UnsupportedModelError | None]:
        """The signature with integers listed where the model refuses some in the middle; and why no contract fits."""
        columns: list[Column] = []
        split = None
        rows: list[Row] = []
        if behind and sample is not None:
            rows = sample_rows(sample, [column.name for column in self.signature.columns], _SEARCHED)
        for column in self.signature.columns:
            if column.name in behind and column.categories is None and column.dtype in ("double", "int64"):
                column, refused = without_gaps(column, base, [row[column.name] for row in rows], self._answers_all)
                if refused is not None and split is None:
                    split = UnsupportedModelError(
                        self.estimator,
                        f"in column {column.name!r} it refuses {refused!r} and answers numbers on both sides, and the"
                        " input contract holds one range a column",
                        "Set handle_unknown to 'ignore' (or 'use_encoded_value') on the encoder behind the step that"
                        " changes the column's numbers, or do that step before the model, and train again",
                    )
            columns.append(column)
        return self.signature._replace(columns=tuple(columns)), split

    def _base_row(self, sample: Any, known: dict[str, list[fitted.Known]]) -> Row:
        names = [column.name for column in self.signature.columns]
        rows = [] if sample is None else sample_rows(sample, names, _COMPARED)
        found = base_row(self.signature.columns, rows, known, self._answers_all)
        if found is not None:
            return found
        if rows:
            self._raise_refusal(rows[0], "the sample's own rows")
        self._raise_refusal(
            fitted_row(self.signature.columns, known), "rows that isoship could make up from its fitted attributes"
        )
        raise AssertionError("unreachable")

    def _raise_refusal(self, row: Row, what: str) -> None:
        try:
            for method in self._methods:
                ask(self.model, method, self._frame([row]))
        except InputError as err:
            raise SampleError(
                f"the model does not answer {what} ({err}). Give a sample of the rows that it was trained on, with the"
                " same columns and types; in a file, --dtype COLUMN=string (or double, int64, bool) says what one is"
            ) from err

    def _rows_beyond_ranges(self, sample: Any) -> UnsupportedModelError | None:
        """Why no range fits: the model refuses numbers in the middle of those of the sample that it answers."""
        ranged = [column for column in self.signature.columns if column.categories is None]
        ranged = [c for c in ranged if math.isfinite(c.lowest) or math.isfinite(c.highest)]
        for row in sample_rows(sample, [column.name for column in self.signature.columns], _SEARCHED):
            for column in ranged:
                value = row[column.name]
                number = isinstance(value, (int, float)) and math.isfinite(value)
                if number and not column.lowest <= value <= column.highest and self._answers_all([row]):
                    end = column.lowest if value < column.lowest else column.highest
                    return UnsupportedModelError(
                        self.estimator,
                        f"in column {column.name!r} it refuses numbers next to {end!r} and answers some on both"
                        f" sides, such as the sample's {value!r}, and the input contract holds one range a column",
                        "Leave out the function that is not finite there, or clip the column before, and train again",
                    )
        return None

    def _compare_with(self, sample: Any) -> None:
        """Rows rebuilt from plain values must get the answers that the sample itself gets.

        Raises:
            SampleError: they do not, so the dtypes of the sample carry something that rows cannot.
        """
        names = [column.name for column in self.signature.columns]
        sparse = hasattr(sample, "tocsr")
        head = sample_head(sample, names, _SEARCHED if sparse else _COMPARED)
        if head is None:
            return
        method = self._methods[0]
        rows = sample_rows(head, names, _SEARCHED)
        try:
            theirs = ask(self.model, method, head if sparse else in_row_order(head, self.training.container))
            ours = ask(self.model, method, self._frame(rows))
            settled = self.answers(rows)
        except InputError:
            return  # the sample's head holds rows that the model refuses; the contract says which
        labels = method == "predict" and any(output.kind == "label" for output in self.outputs)
        same = same_answers(theirs, ours, head, settled, labels=labels)
        if not same and sparse:
            raise SampleError(
                "the model answers the sparse matrix of the sample otherwise than the same rows with zeros: XGBoost,"
                " for one, takes what a sparse matrix does not store as missing. Train on sample.toarray(), with NaN"
                " where a value is missing, and give that as the sample"
            )
        if not same:
            raise SampleError(
                "the model answers the sample differently once its rows are plain values (numbers, strings, booleans,"
                " missing): a column's dtype carries more than that. Convert such columns to plain types and"
                " train again"
            )


_NUMPY: dict[str, Any] = {"double": np.float64, "int64": np.int64, "bool": np.bool_, "string": object}


def _as_numbers(output: Output) -> Output:
    """Integers of a transformer that are numbers in another batch."""
    return output._replace(dtype="double") if (output.kind, output.dtype) == ("transformed", "int64") else output


def _check_takes_columns(estimator: Any) -> None:
    """A model of texts, dicts or label sets has no columns for a signature.

    Raises:
        UnsupportedModelError: it is one.
    """
    from sklearn.utils import get_tags

    steps = getattr(estimator, "steps", None)
    first = steps[0][1] if steps else estimator
    if not hasattr(first, "__sklearn_tags__"):
        return
    tags = get_tags(first).input_tags
    if tags.two_d_array or tags.one_d_array:
        return
    what = "texts" if tags.string else "dicts" if tags.dict else "images" if tags.three_d_array else ""
    if type(first).__name__ == "MultiLabelBinarizer":
        what = "sets of labels"
    if not what:
        return
    step = f"{type(estimator).__name__.lower()}.steps[0] -> {type(first).__name__}" if steps else type(first).__name__
    raise UnsupportedModelError(
        step,
        f"it takes {what} and not rows of columns, which this version of isoship does not carry",
        "Train the model on a table: a DataFrame or a 2-D array",
    )


def _with_marks(signature: Signature, training: TrainingFrame) -> Signature:
    """The signature with `Column.mark` where a missing value is not NaN to the model."""
    marks = zip(signature.columns, training.missing, training.dtypes, strict=True)
    columns = [
        c._replace(mark=mark) if c.missing and mark != "nan" and dtype not in ("float64", "category") else c
        for c, mark, dtype in marks
    ]
    return signature._replace(columns=tuple(columns))
