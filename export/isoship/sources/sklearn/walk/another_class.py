"""Estimators whose class no library that isoship knows defines: what they are, and the way out."""

from __future__ import annotations

from typing import Any

from isoship.sources.libraries import LIBRARIES, TITLES
from isoship.sources.sklearn.walk.registry import carried

_PACKAGES = ("sklearn", *(library.package for library in LIBRARIES))


def another_class(path: str, step: Any) -> tuple[str, str]:
    """Why an estimator of such a class is refused, and what to do instead. path: where it is in the model."""
    cls = type(step)
    package = cls.__module__.split(".")[0]
    bases = [base for base in cls.__mro__[1:] if base.__module__.split(".")[0] in _PACKAGES]
    last = path.rpartition(" -> ")[2]
    close = next((base.__name__ for base in bases if base.__name__ in carried()), None)
    if close:
        way = f"Where it answers as the {close} that it derives from, train that one instead"
    elif last == "pipeline.steps[0]":
        way = "Compute its columns before the model, and train and export the pipeline that is behind it"
    elif last.startswith("pipeline.steps[") and not hasattr(step, "predict"):
        way = "Export the pipeline without it and compute what it adds outside, or write it with scikit-learn's steps"
    else:
        way = f"Replace it by an estimator of {TITLES}"
    whose = "a class of your own" if package == "__main__" else f"a class of the package {package}"
    why = f"{cls.__module__}.{cls.__qualname__} is not one of scikit-learn's own classes but {whose}, and what it"
    way += (
        f", or carry it by a converter of your own: --converters FILE.py with converters = {{{cls.__name__}: convert}}"
    )
    return f"{why} computes is not known", f"{way} (docs/extending.md)"
