"""One runtime on trial with calls: prepared, asked, compared, shown what it must refuse, closed."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from isoship.errors import InputError
from isoship.parity.outcome import by_kind, compared, outcome
from isoship.parity.runners.arrays import Array
from isoship.parity.runners.contract import Shipped, TensorRunner
from isoship.parity.tensors.call import Call
from isoship.parity.tensors.case import TensorCase
from isoship.parity.tensors.cause import cause_of
from isoship.parity.tensors.compare import compare_calls, precision_of, tolerances_of
from isoship.parity.tensors.refusals import finite, with_refusals
from isoship.parity.verdict.compare import Comparison, Verdict
from isoship.tensors.contract import Arrays

#: Values in and out of a call that is asked as JSON, too, and calls that are asked a second time or at once.
_SMALL, _AGAIN = 5000, 24
_CLIENTS = 4
#: Kinds of call in one line of a message.
_KINDS = 6
_TOO_LARGE = "of more bytes than a request may have"
_MOST_ARRAYS = ("arrays",)


def try_runner(runner: TensorRunner, shipped: Shipped, case: TensorCase, say: Callable[[str], None]) -> Verdict:
    """The verdict on one runtime. Whatever becomes of it is a verdict, and no error leaves."""
    manifest = shipped.manifest
    precision = getattr(runner, "precision", "")
    tolerances = tolerances_of(manifest, case.atol, case.rtol, precision)
    verdict = Verdict(runner.name, runner.target, precision or precision_of(manifest), "agree", tolerances=tolerances)

    def refusing(verdict: Verdict) -> Verdict:
        return verdict if getattr(runner, "unguarded", False) else _refusing(runner, shipped, case, verdict)

    def caused(verdict: Verdict) -> Verdict:
        if any(w.over for w in verdict.worst):
            say(f"{runner.name}: looking for the first node that differs")
            verdict = dataclasses.replace(verdict, cause=cause_of(runner, shipped, case, verdict))
        differs = getattr(runner, "differs", "")
        if differs and verdict.status == "disagree":
            message = "\n".join([differs, *verdict.message.splitlines()])
            verdict = dataclasses.replace(verdict, status="differs", message=message)
        return verdict

    steps = (functools.partial(_compared, runner, shipped, case), refusing, caused)
    return outcome(runner, shipped, verdict, steps, "calls", say)


def _compared(runner: TensorRunner, shipped: Shipped, case: TensorCase, verdict: Verdict) -> Verdict:
    outputs, (first, *others) = shipped.manifest.outputs, _transports(runner)
    places = [i for i, call in enumerate(case.calls) if _fits(runner, call)]
    calls = [case.calls[i] for i in places]

    bits = runner.name == "onnxruntime"

    def against(
        calls: Sequence[Call], answers: Sequence[dict[str, Array]], transport: str, *, exact: bool = bits
    ) -> Comparison:
        return compare_calls(
            calls, answers, outputs, verdict.tolerances,
            through_json=transport == "json", exact=exact,
        )  # fmt: skip

    started = time.perf_counter()
    try:
        answers = [_asked(runner, call, first) for call in calls]
    except InputError as err:
        return dataclasses.replace(verdict, status="disagree", rows=len(calls), message=str(err))
    milliseconds = (time.perf_counter() - started) * 1000
    found = against(calls, answers, first)
    within = bits and not found.agrees and against(calls, answers, first, exact=False).agrees
    besides: list[str] = []

    def also(how: str, calls: list[Call], answers: Sequence[dict[str, Array]], transport: str) -> None:
        again = against(calls, answers, transport)
        if not again.agrees:
            besides.append(f"{how}:\n{_said(again, worst=True)}")

    if found.agrees:
        small = [call for call in calls if _small(call)]
        try:
            for transport in others:
                sendable = [call for call in small if finite(call.inputs)]
                also(
                    f"asked as {transport.upper()}",
                    sendable,
                    [_asked(runner, c, transport) for c in sendable],
                    transport,
                )
            if case.deep:
                back = small[:_AGAIN][::-1]
                also("asked again after others", back, [_asked(runner, c, first) for c in back], first)
            if case.deep and getattr(runner, "concurrent", False):
                some = small[:_AGAIN]
                with ThreadPoolExecutor(_CLIENTS) as clients:
                    at_once = list(clients.map(lambda c: _asked(runner, c, first), some))
                also(f"asked by {_CLIENTS} clients at once", some, at_once, first)
        except InputError as err:
            besides.append(str(err))
    if len(calls) < len(case.calls):
        left = len(case.calls) - len(calls)
        why = "of numbers that TensorFlow.js does not hold" if hasattr(runner, "holds") else _TOO_LARGE
        verdict.environment["left out"] = f"{left} call{'s' if left > 1 else ''} {why}"
    return compared(verdict, found, places, milliseconds, _said(found, bits=within), besides)


def _asked(runner: TensorRunner, call: Call, transport: str) -> dict[str, Array]:
    """The runtime's answer.

    Raises:
        InputError: it refuses; the message says so, and shows no value of the user's own.
    """
    try:
        return runner.infer_tensors(call.inputs, transport)
    except InputError as err:
        said = "its values are not kept" if call.kind == "sample" else str(err)
        how = f", asked as {transport.upper()}" if transport == "json" else ""
        raise InputError(f"refuses a call that the reference answers (kind {call.kind}{how}): {said}") from err


def _refusing(runner: TensorRunner, shipped: Shipped, case: TensorCase, verdict: Verdict) -> Verdict:
    """What must be refused is; and what is answered before is answered after, too."""
    asks = {t: functools.partial(runner.infer_tensors, transport=t) for t in _transports(runner)}
    verdict = with_refusals(asks, case.refused, shipped.manifest.signature, verdict)
    if verdict.status == "agree" and case.calls:
        call = min(case.calls, key=lambda c: sum(a.size for a in c.inputs.values()))
        again = [_asked(runner, call, _transports(runner)[0])]
        found = compare_calls([call], again, shipped.manifest.outputs, verdict.tolerances)
        if not found.agrees:
            message = f"asked again after calls that it refused:\n{_said(found, worst=True)}"
            return dataclasses.replace(verdict, status="disagree", message=message)
    return verdict


def _transports(runner: TensorRunner) -> tuple[str, ...]:
    found: tuple[str, ...] = getattr(runner, "transports", _MOST_ARRAYS)
    return found


def _fits(runner: TensorRunner, call: Call) -> bool:
    holds = getattr(runner, "holds", None)
    if holds is not None and not holds(call.inputs):
        return False
    most = getattr(runner, "most_bytes", None)
    return most is None or max(_bytes(call.inputs), _bytes(call.want)) <= most


def _bytes(arrays: Arrays) -> int:
    return sum(
        array.nbytes if array.dtype != object else 4 * array.size + len("".join(array.ravel()))
        for array in arrays.values()
    )


def _small(call: Call) -> bool:
    return sum(array.size for arrays in (call.inputs, call.want) for array in arrays.values()) <= _SMALL


def _said(found: Comparison, *, worst: bool = False, bits: bool = False) -> str:
    """worst: the number that is furthest off, too, which a cause says where there is one. bits: all is within the
    tolerance, and one runtime computed both sides."""
    lines = list(found.problems)
    if found.flips:
        places = "1 place has" if found.flips == 1 else f"{found.flips} places have"
        lines.append(f"{places} another class: {by_kind(found, 'flips', _KINDS)}")
    if found.over:
        calls = "1 call is" if found.over == 1 else f"{found.over} calls are"
        beyond = "beyond the tolerance"
        if bits:
            beyond = "within the tolerance, and of other bits than the same runtime gives for the model itself"
        lines.append(f"{calls} {beyond}: {by_kind(found, 'over', _KINDS)}")
    if worst and lines and found.worst:
        first = found.worst[0]
        lines.append(
            f"{first.output} is {first.value!r} and should be {first.expected!r} (a call of kind {first.kind})"
        )
    return "\n".join(lines)
