"""When an answer agrees with the expected one: labels are compared, numbers are subtracted.

The one rule of the self-test, of `isoship check` and of `web/src/agreement.js`; `tests/vectors/agreement.json` holds
what Python and JavaScript both say of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from isoship_edge.manifest import MISSING_STRING, Output, Tolerance

#: Margins up to this are ties where a model has no scores whose tolerance could say so (clusterers by distance), and
#: numbers nearer than this to a jump of the source model are not settled.
UNDECIDED = {"double": 1e-9, "float32": 1e-6}


def tie_margin(outputs: Sequence[Output], tolerances: Mapping[str, Tolerance], precision: str) -> float:
    """The source's margin up to which another label is a tie: the tolerance of the scores that decide the label."""
    deciding = (o.name for o in outputs if o.kind in ("probabilities", "scores"))
    known = [tolerances[name].atol for name in deciding if name in tolerances]
    return max(known, default=UNDECIDED[precision])


def is_measured(output: Output) -> bool:
    """Differences of this output have a size. Between two class labels there is none, numbers or not."""
    return output.kind != "label" and output.dtype in ("double", "float", "float16")


def compared(output: Output, tolerance: Tolerance | None, got: Any, want: Any) -> tuple[float, bool]:
    """|difference| of one value (0.0 where it has no size), and whether the value agrees."""
    if not is_measured(output):
        want = MISSING_STRING if want is None else want
        both_nan = got != got and want != want
        return 0.0, (type(got) is type(want) and bool(got == want)) or both_nan
    if not (math.isfinite(got) and math.isfinite(want)):
        return 0.0, got == want or (math.isnan(got) and math.isnan(want))
    difference = abs(got - want)
    allowed = 0.0 if tolerance is None else tolerance.atol + tolerance.rtol * abs(want)
    return float(difference), difference <= allowed
