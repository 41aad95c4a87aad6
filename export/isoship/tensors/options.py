"""What an export of tensors is asked for beside the model: pictures, class names, a smaller network."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from isoship.errors import InputError, SampleError
from isoship.tensors.class_names import classes_from, named_classes
from isoship.tensors.contract import TensorSource
from isoship.tensors.images.pixels import Pixels, pixels_from
from isoship.tensors.images.source import from_pixels, numbers_from
from isoship.tensors.quantization.agreement import DEFAULT_BUDGET
from isoship.tensors.samples import fitted, read_samples
from isoship_edge.manifest import Manifest, Scalar

Open = Callable[[Any], TensorSource]


@dataclass(frozen=True)
class TensorOptions:
    """image: inputs of pictures. classes: output (None: the one of that size) -> names. quantize: int8 or float16.

    dynamic: of a torch module, input -> {axis: name}, the dimensions that may be of any size; None: the batch.
    """

    image: tuple[Pixels, ...] = ()
    classes: Mapping[str | None, tuple[Scalar, ...]] = field(default_factory=dict)
    quantize: str | None = None
    quantize_agreement: float = DEFAULT_BUDGET
    dynamic: Mapping[str, Mapping[int, str]] | None = None

    def refuse_columns(self, estimator: str) -> None:
        """Raises InputError where any is given: a model of columns has no use for them."""
        given = {
            "--image": self.image, "--quantize": self.quantize, "dynamic": self.dynamic
        }  # fmt: skip
        for name, value in given.items():
            if value:
                why = {
                    "--quantize": "its thresholds and coefficients decide by their last bit, and its size is small",
                    "--image": "an estimator's input is columns",
                    "dynamic": "an estimator takes any number of rows",
                }[name]
                raise InputError(f"{name} is for networks and ONNX files, and {estimator} is none: {why}. Leave it out")


def options_from(
    image: Any = None,
    classes: Any = None,
    quantize: str | None = None,
    quantize_agreement: float | None = None,
    dynamic: Mapping[str, Mapping[int, str]] | None = None,
) -> TensorOptions:
    """The options as `isoship.export` takes them.

    Raises:
        InputError: one of them cannot be read.
    """
    budget = DEFAULT_BUDGET if quantize_agreement is None else quantize_agreement
    if quantize is None and quantize_agreement is not None:
        raise InputError("--quantize-agreement is the budget of --quantize: give --quantize int8 or float16, too")
    return TensorOptions(pixels_from(image), classes_from(classes), quantize, budget, dynamic)


def opened(open_source: Open, sample: Any, options: TensorOptions) -> TensorSource:
    """The source of `open_source(sample)`, as the options want it.

    With pictures, the sample is of pictures: the source is opened without it, or with its numbers where it needs some.

    Raises:
        InputError, SampleError, UnsupportedModelError, ConversionError: as the source and the options do.
    """
    source = _with_pictures(open_source, sample, options.image) if options.image else open_source(sample)
    try:
        if options.classes:
            source.outputs = named_classes(source.outputs, options.classes)
        if options.quantize is not None:
            from isoship.tensors.quantization.source import Quantized

            source = Quantized(source, options.quantize, options.quantize_agreement)
    except BaseException:
        source.close()
        raise
    return source


def reopened(open_source: Open, sample: Any, manifest: Manifest) -> tuple[TensorSource | None, str]:
    """The source as a bundle was exported from it, with the pictures and class names that its manifest speaks of.

    None, and why, where the bundle is quantized: the model's own answers are another truth than the bundle's.
    """
    if "quantization" in manifest.provenance:
        return None, (
            "the network was quantized at export, where it was held against the model; model.onnx is its own truth"
        )
    image = pixels_from(json.loads(manifest.provenance.get("image", "[]")))
    classes: dict[str | None, tuple[Scalar, ...]] = {o.name: o.classes for o in manifest.outputs if o.classes}
    return opened(open_source, sample, TensorOptions(image, classes)), ""


def _with_pictures(open_source: Open, sample: Any, image: Sequence[Pixels]) -> TensorSource:
    try:
        plain = open_source(None)
    except SampleError:
        if sample is None:
            raise
        plain = open_source(numbers_from(sample, image))
    try:
        source = from_pixels(plain, image)
        if sample is not None:
            inputs = source.signature.inputs
            source.samples = fitted(read_samples(sample, [one.name for one in inputs]), inputs)
    except BaseException:
        plain.close()
        raise
    return source
