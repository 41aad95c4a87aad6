"""Which XGBoost wrote a model, and which one is here: an older one reads a newer model in silence, and wrongly.

XGBoost 3.1 and later write `base_score` as a list, "[1.6E-1]"; XGBoost 3.0 and older read that as 0.5 without a word.
The release that wrote a model stands as `version` in a file, and in the bytes that a pickle keeps of a Booster.
"""

from __future__ import annotations

import re

from isoship.errors import ModelFileError

Version = tuple[int, ...]

#: The first release that reads what every later one writes today.
LOWEST = (3, 1)

#: The key `version` and its three numbers in UBJSON: int8 each, or larger ones that no release has reached.
_IN_UBJSON = re.compile(
    rb"L\x00{7}\x07version\[#L\x00{7}\x03i([\x00-\x7f])i([\x00-\x7f])i([\x00-\x7f])",
    re.DOTALL,
)


#: How XGBoost 1.0 to 1.7 began what a pickle keeps of a Booster, and the version that its configuration ends with.
_OLD_PICKLE = (b"CONFIG-offset:", b'{"Config":', b'{"Model":')
_IN_JSON = re.compile(rb'"version":\[(\d+),(\d+),(\d+)\]')


def refuse_old_pickle(what: str, data: bytes) -> None:
    """what: the file's path; data: the pickle's bytes.

    Raises:
        ModelFileError: it holds a Booster in the form of XGBoost 1.7 and older, which 3.1 and later do not read.
    """
    if not any(start in data for start in _OLD_PICKLE):
        return
    found = _IN_JSON.search(data)
    wrote = text(tuple(int(part) for part in found.groups())) if found else "1.7 or older"
    raise ModelFileError(
        f"{what} holds a Booster that XGBoost {wrote} pickled, in a form that XGBoost {text(installed())} does not"
        " read. Load it with that release and save it with save_model('model.json')"
    )


def newest_in(data: bytes) -> Version | None:
    """The newest release among those that wrote the Boosters in a pickle; None where it holds none."""
    found = [tuple(part[0] for part in match.groups()) for match in _IN_UBJSON.finditer(data)]
    return max(found, default=None)


def installed() -> Version:
    """The running XGBoost, (3, 2, 0)."""
    import xgboost

    return tuple(int(part) for part in re.findall(r"\d+", xgboost.__version__)[:3])


def refuse_newer(what: str, wrote: Version) -> None:
    """what: the file's path.

    Raises:
        ModelFileError: a newer release wrote it than the one that is here.
    """
    here = installed()
    if wrote > here:
        raise ModelFileError(
            f"{what} was written by XGBoost {text(wrote)} and this is {text(here)}: an older XGBoost can read a newer"
            f" model in silence, and wrongly. Install the one that wrote it, or a newer one: pip install"
            f" 'xgboost>={text(max(wrote, LOWEST))}'"
        )


def too_old() -> tuple[str, str] | None:
    """Why the XGBoost that is here cannot be exported from, and what to do; None where it can."""
    here = installed()
    if here[:2] >= LOWEST:
        return None
    return (
        f"isoship reads what XGBoost {text(LOWEST)} and later keep of a model, and this is {text(here)}",
        f"Install a newer one, which reads this model, too: pip install 'xgboost>={text(LOWEST)}'",
    )


def text(version: Version) -> str:
    return ".".join(map(str, version))
