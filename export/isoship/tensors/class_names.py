"""Names for the classes of a tensor output's last axis: the option `classes`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isoship.errors import InputError
from isoship_edge.manifest import Output, Scalar

#: ONNX's own attribute names no class; whoever reads an answer would count axes by hand.
_NUMBERS = ("float", "double", "float16")


def classes_from(option: Any) -> dict[str | None, tuple[Scalar, ...]]:
    """The option `classes` as it is given: output (None: the one of that size) -> names.

    A list; a dict of lists by output; text such as `cat,dog` or `logits=cat,dog`; or the path of a file with a name a
    line, or a JSON list.

    Raises:
        InputError: no names, or two that are one in JSON.
    """
    if option is None:
        return {}
    if isinstance(option, Mapping):
        return {str(output): _checked(names) for output, names in option.items()}
    if isinstance(option, (str, Path)):
        output, given, names = str(option).partition("=")
        if given and not Path(str(option)).is_file():
            return {output.strip(): _checked(_read(names.strip()))}
        return {None: _checked(_read(str(option)))}
    return {None: _checked(option)}


def named_classes(outputs: Sequence[Output], classes: Mapping[str | None, Sequence[Scalar]]) -> tuple[Output, ...]:
    """The outputs with `classes` on those whose last axis has them.

    Raises:
        InputError: no output fits, or several do and none is named.
    """
    named = {output.name: output for output in outputs}
    for wanted, names in classes.items():
        fitting = [o for o in named.values() if o.shape and o.shape[-1] == len(names) and o.dtype in _NUMBERS]
        shapes = ", ".join(f"{o.name} {list(o.shape)}" for o in outputs)
        if wanted is not None:
            if wanted not in named:
                raise InputError(f"classes: no output {wanted!r}: choose from {', '.join(named)}")
            # A dynamic last axis takes the user's word; a size that differs cannot be meant.
            fits = named[wanted] in fitting or (named[wanted].shape and isinstance(named[wanted].shape[-1], str))
            fitting = [named[wanted]] if fits else []
        if not fitting:
            raise InputError(f"classes: {len(names)} names fit the last axis of no output: {shapes}")
        if len(fitting) > 1:
            which = " or ".join(f"{o.name}=..." for o in fitting)
            raise InputError(f"classes: several outputs have {len(names)} columns: say which, {which}")
        named[fitting[0].name] = fitting[0]._replace(classes=tuple(names))
    return tuple(named[output.name] for output in outputs)


def _read(text: str) -> Sequence[Any]:
    path = Path(text)
    if "," not in text and path.suffix and not path.is_file():
        raise InputError(f"classes: no file at {text}")
    if not path.is_file():
        return [name.strip() for name in text.split(",")]
    try:
        content = path.read_text("utf-8")
        return json.loads(content) if path.suffix == ".json" else content.splitlines()
    except ValueError as err:
        raise InputError(f"classes: {path} holds no list of names: {err}") from err


def _checked(names: Any) -> tuple[Scalar, ...]:
    if isinstance(names, str) or (not isinstance(names, Sequence) and not hasattr(names, "tolist")):
        raise InputError(f"classes: a list of names is needed, not {type(names).__name__}")
    given = names.tolist() if hasattr(names, "tolist") else list(names)
    if not given or any(type(name) not in (str, int, bool) or name == "" for name in given):
        raise InputError("classes: names are texts or integers, at least one and none empty")
    twice = next((str(name) for i, name in enumerate(given) if str(name) in map(str, given[:i])), None)
    if twice is not None:
        raise InputError(f"classes: {twice!r} stands twice, and JSON could not tell them apart")
    return tuple(given)
