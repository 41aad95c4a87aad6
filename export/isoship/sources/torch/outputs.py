"""What forward returns: a name for every tensor in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isoship.errors import UnsupportedModelError
from isoship.sources.torch.calls import DTYPES, names_in


def names_of_outputs(returned: Any, estimator: str) -> list[tuple[str, Any]]:
    """A tensor is `output`, those of a tuple `output_0`, ..., and what has keys or fields is named by them.

    Raises:
        UnsupportedModelError: something in it is no tensor, or two have one name.
    """
    import torch
    from torch.utils import _pytree

    if isinstance(returned, torch.Tensor):
        named = [("output", returned)]
    else:
        keyed = isinstance(returned, Mapping) or hasattr(returned, "_fields")
        top = "" if keyed else "output"
        named = list(zip(names_in(returned, top), _pytree.tree_leaves(returned), strict=True))
    for name, value in named:
        if not isinstance(value, torch.Tensor) or str(value.dtype) not in DTYPES:
            what = f"numbers of {value.dtype}" if isinstance(value, torch.Tensor) else f"a {type(value).__name__}"
            raise UnsupportedModelError(
                f"output {name!r} of {estimator}", f"it is {what}", "Return tensors of floats, integers or bool"
            )
    names = [name for name, _value in named]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice or not names:
        raise UnsupportedModelError(
            f"output {twice!r} of {estimator}" if twice else estimator,
            "two outputs have this name" if twice else "it returns nothing",
            "Return a tensor, a tuple of tensors, or a dict of them",
        )
    return named
