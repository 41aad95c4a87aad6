"""Names for the classes of a model of columns that keeps none: the option `classes` for boosters' own files.

A model says 0, 1, ... and its label is the name of that number. In the graph: number -> Gather(names) -> label
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from isoship.errors import InputError
from isoship.tensors.class_names import classes_from
from isoship_edge.manifest import Output, Scalar

Array = np.ndarray[Any, Any]


def names_from(option: Any) -> tuple[Scalar, ...] | None:
    """The option `classes` of a model of columns: names in the order of the model's classes, None for none.

    A list, or text: `no,yes`, or the path of a file with a name a line or of a JSON list. Text in which every name is
    an integer gives integers.

    Raises:
        InputError: no names, two that are one in JSON, names of several outputs, or of several types.
    """
    given = classes_from(option)
    if not given:
        return None
    outputs = [output for output in given if output is not None]
    if outputs:
        raise InputError(
            f"classes: {outputs[0]!r} is an output of a network, and a model of columns has one set of classes. Give"
            " the names alone: --classes a,b"
        )
    (names,) = given.values()
    if isinstance(option, (str, Path)) and Path(option).suffix != ".json" and all(map(_is_integer, names)):
        names = tuple(int(name) for name in names)
    kinds = {type(name) for name in names}
    if kinds != {str} and kinds != {int}:
        raise InputError("classes: a label is a text or an integer: give all names as the one or the other")
    if kinds == {int} and any(not -(2**63) <= int(name) < 2**63 for name in names):
        raise InputError("classes: an integer label has 64 bits. Give names as text")
    return names


def _is_integer(name: Scalar) -> bool:
    """Whether text is an integer as JSON writes it: 007 is a name."""
    digits = str(name).removeprefix("-")
    return digits.isdecimal() and digits.isascii() and str(name) == str(int(str(name)))


def with_names(
    outputs: Sequence[Output], names: Sequence[Scalar], own: Sequence[Scalar] | None, estimator: str
) -> tuple[tuple[Output, ...], Array | None]:
    """The outputs with these names for classes, and the table from the model's own numbers to them; None where the
    model's labels are these names already.

    own: the names that the model itself keeps, None where it keeps none and its classes are their numbers.

    Raises:
        InputError: no classifier of one label, other names of its own, or another number of them.
    """
    label = next((output for output in outputs if output.kind == "label"), None)
    classes = () if label is None or len(label.shape) != 1 else label.classes or ()
    if label is None or not classes:
        listed = ", ".join(output.name for output in outputs)
        raise InputError(
            f"--classes names the classes of a classifier with one label, and {estimator} answers {listed}. Leave it"
            " out"
        )
    if own is not None and tuple(own) != tuple(names):
        raise InputError(
            f"--classes says {_listed(names)}, and {estimator} keeps names of its own: {_listed(own)}. Leave --classes"
            " out, or train on other labels"
        )
    if len(names) != len(classes):
        raise InputError(
            f"--classes gives {len(names)} names ({_listed(names)}), and {estimator} has {len(classes)} classes"
            f" ({_listed(classes)}). Give one for each, in this order"
        )
    if tuple(names) == tuple(classes):
        return tuple(outputs), None
    if tuple(classes) != tuple(range(len(classes))):
        raise InputError(f"--classes: the classes of {estimator} are {_listed(classes)} and no numbers from 0 on")
    texts = isinstance(names[0], str)
    table = np.array(list(names), object if texts else np.int64)
    return tuple(_named(output, tuple(names), "string" if texts else "int64") for output in outputs), table


def _named(output: Output, names: tuple[Scalar, ...], dtype: str) -> Output:
    if output.classes is None:
        return output
    named = output._replace(classes=names)
    return named._replace(dtype=dtype) if output.kind == "label" else named


def _listed(names: Sequence[Scalar]) -> str:
    shown = ", ".join(map(str, names[:12]))
    return f"{shown}, ..." if len(names) > 12 else shown
