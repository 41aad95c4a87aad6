"""A module's own answers: the truth that a graph is held against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isoship.errors import InputError, UnsupportedModelError
from isoship.sources.torch.calls import Call
from isoship.sources.torch.library import first_line, quiet, settled

#: What modules and torch's operators raise of a call that they do not take.
_REFUSALS = (RuntimeError, ValueError, TypeError, IndexError, KeyError, AssertionError, NotImplementedError)


class Answers:
    """module: in evaluation mode, on the CPU. call: into which tensors are put."""

    def __init__(self, module: Any, call: Call, estimator: str) -> None:
        self._module, self._call, self._estimator = module, call, estimator

    def __call__(self, tensors: Sequence[Any]) -> list[np.ndarray[Any, Any]]:
        """Every tensor that forward returns, in torch's order.

        Raises:
            InputError: the module refuses the call.
        """
        from torch.utils import _pytree

        try:
            leaves = _pytree.tree_leaves(self.returned(tensors))
        except _REFUSALS as err:
            raise InputError(f"{self._estimator} refuses this call: {type(err).__name__}: {first_line(err)}") from err
        return [np.array(leaf.detach().resolve_neg().numpy()) for leaf in leaves]

    def returned(self, tensors: Sequence[Any]) -> Any:
        """What forward returns, as it is."""
        args, kwargs = self._call.arguments([tensor.clone() for tensor in tensors])
        with settled(), quiet():
            return self._module(*args, **kwargs)

    def refusal(self, tensors: Sequence[Any]) -> str | None:
        """Why the module does not answer this call; None where it does."""
        try:
            self.returned(tensors)
        except _REFUSALS as err:
            return f"{type(err).__name__}: {first_line(err)}"
        return None

    def refuse_what_changes(self) -> None:
        """Raises:
        SampleError: the module refuses the sample.
        UnsupportedModelError: it answers one call in two ways, or changes its buffers whenever it answers.
        """
        import torch
        from torch.utils import _pytree

        before = {name: tensor.clone() for name, tensor in self._tensors().items()}
        once, twice = (_pytree.tree_leaves(self.returned(self._call.tensors)) for _ in range(2))
        for name, tensor in self._tensors().items():
            if not torch.equal(tensor.nan_to_num(), before[name].nan_to_num()):
                raise UnsupportedModelError(
                    f"{self._estimator}.{name}",
                    "the model changes it whenever it answers, so an answer depends on the calls before",
                    "Give the state as an input and an output of forward",
                )
        for one, two in zip(once, twice, strict=True):
            if isinstance(one, torch.Tensor) and not torch.equal(one.nan_to_num(), two.nan_to_num()):
                raise UnsupportedModelError(
                    self._estimator,
                    "it answers one call in two ways, so there is no answer to be held against",
                    "Leave random numbers and what is kept between calls out of forward",
                )

    def _tensors(self) -> dict[str, Any]:
        return {name: tensor for name, tensor in self._module.state_dict().items() if hasattr(tensor, "nan_to_num")}
