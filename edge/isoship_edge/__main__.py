"""`python -m isoship_edge serve|predict|selftest`: what a bundle does on a device."""

# ruff: noqa: T201 - a command line prints: data to stdout, talk to stderr

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

from isoship_edge.errors import BundleError, DamagedFile, InputError, IsoshipError
from isoship_edge.inference.library import machine
from isoship_edge.sums import check_folder

if TYPE_CHECKING:
    from isoship_edge.inference.model import AnyModel, Model
    from isoship_edge.tensors.model import TensorModel


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 done; 1 the self-test failed; 2 could not run; 3 a file is damaged; 130 interrupted; with one line
    that says why."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except IsoshipError as err:
        print(f"isoship: {err}", file=sys.stderr)
        return 3 if isinstance(err, DamagedFile) else 2
    except KeyboardInterrupt:
        print("isoship: interrupted; nothing half-written is left", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output left; Python would complain again while it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except OSError as err:
        print(f"isoship: {err.filename or 'the system'}: {err.strerror or err}", file=sys.stderr)
        return 2
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="edge/run", description="A shipped model on this device.")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--bundle", type=Path, default=None, help="the bundle's folder (default: where this runtime lies)"
    )
    shared.add_argument("--threads", type=int, default=1, help="threads for one operator (default: 1)")
    commands = parser.add_subparsers(required=True, metavar="serve|predict|selftest")

    serve = commands.add_parser("serve", parents=[shared], help="answer HTTP")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8080, help="0 takes a free one (default: 8080)")
    serve.set_defaults(run=_serve)

    predict = commands.add_parser(
        "predict", parents=[shared], help="score a .csv, .jsonl or .ndjson file; of tensors .jsonl"
    )
    predict.add_argument(
        "rows",
        type=Path,
        help="the file, or - for CSV or JSON lines from standard input, each answered as it arrives; a model of tensors"
        ' takes one {"inputs": {...}} a line',
    )
    predict.add_argument("-o", "--out", type=Path, default=None, help="where to write (default: standard output)")
    predict.set_defaults(run=_predict)

    check = commands.add_parser("selftest", parents=[shared], help="replay the golden rows")
    check.add_argument("--json", action="store_true", help="the verdict as JSON")
    check.set_defaults(run=_selftest)

    # Named nowhere before it is there: without `help` argparse lists it in no help.
    commands.add_parser("update", parents=[shared]).set_defaults(run=_update)
    return parser


def _load(options: argparse.Namespace, target: str | None = "edge") -> AnyModel:
    own = Path(__file__).resolve().parent.parent
    check_folder(own, machine=machine())
    from isoship_edge.inference.model import load  # not before: a damaged module is damage, and no fault of its own

    model = load(options.bundle or os.environ.get("ISOSHIP_BUNDLE") or own, threads=options.threads, target=target)
    _ = model.session  # what is damaged or missing is said now, and not to whoever sends the first batch
    return model


def _serve(options: argparse.Namespace) -> int:
    model = _load(options)
    from isoship_edge.http.server import serve

    try:
        serve(model, options.host, options.port)
    except (OSError, OverflowError) as err:
        print(f"isoship: cannot listen on {options.host}:{options.port}: {err}. Choose another --port", file=sys.stderr)
        return 2
    return 0


def _predict(options: argparse.Namespace) -> int:
    # One engine for all rows: which of them come together hangs on when they arrive.
    model = _load(options, None)
    streamed = str(options.rows) == "-"
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    score = _scorer(model, options.out, streamed)
    try:
        if options.out is None:
            total = score(options.rows, sys.stdout)
        else:
            # Whoever waits for the file sees all of it or nothing.
            aside = options.out.with_name(options.out.name + ".part")
            try:
                with aside.open("w", encoding="utf-8", newline="") as target:
                    total = score(options.rows, target)
                aside.replace(options.out)
            finally:
                aside.unlink(missing_ok=True)
    except UnicodeDecodeError as err:
        what = "standard input" if streamed else options.rows
        print(f"isoship: {what} is not UTF-8: {err.reason}", file=sys.stderr)
        return 2
    what = "rows scored" if model.takes == "rows" else "calls answered"
    print(f"{total} {what} by {model.manifest.name} {model.manifest.version}", file=sys.stderr)
    return 0


def _scorer(model: AnyModel, out: Path | None, streamed: bool) -> Callable[[Path, IO[str]], int]:
    """What answers a file into another."""
    if model.takes == "tensors":
        from isoship_edge.tensors.lines import check_lines

        if out is not None:
            check_lines(out)
        return partial(_answer_lines, model)
    from isoship_edge.encoding.batch import kind_of

    write = None if out is None else kind_of(out)
    return partial(_score_stdin if streamed else _score_file, model, write)


def _answer_lines(model: TensorModel, path: Path, target: IO[str]) -> int:
    from isoship_edge.encoding.arriving import Arriving
    from isoship_edge.encoding.file_encoding import open_text
    from isoship_edge.tensors.lines import answer_lines, check_lines

    if str(path) == "-":
        return answer_lines(model, Arriving(sys.stdin.fileno()), target, flushed=True)
    check_lines(path)
    with open_text(path) as text:
        return answer_lines(model, text, target, flushed=False)


def _score_file(model: Model, write: str | None, path: Path, target: IO[str]) -> int:
    from isoship_edge.encoding.batch import kind_of, score_file
    from isoship_edge.encoding.file_encoding import open_text

    read = kind_of(path)
    try:
        text = open_text(path)
    except InputError as err:
        raise InputError(f"{path}: {err}") from err
    with text:
        return score_file(model, text, target, read=read, write=write or read)


def _score_stdin(model: Model, write: str | None, _path: Path, target: IO[str]) -> int:
    from isoship_edge.encoding.arriving import Arriving
    from isoship_edge.encoding.batch import score_stream

    lines = Arriving(sys.stdin.fileno())
    read = lines.form()
    return score_stream(model, lines, target, read=read, write=write or read)


def _selftest(options: argparse.Namespace) -> int:
    try:
        model = _load(options)
    except BundleError as err:
        if options.json:
            print(json.dumps({"ok": False, "rows": 0, "worst": 0.0, "ties": 0, "first_difference": str(err)}))
        raise
    verdict = model.selftest()
    if options.json:
        backend = {"backend": model.session.backend, "onnxruntime": model.session.runtime or None}
        print(json.dumps({**verdict._asdict(), "digest": model.manifest.digest, **backend}))
    elif verdict.ok:
        ties = f", {verdict.ties} ties" if verdict.ties else ""
        what = "rows" if model.takes == "rows" else "calls"
        print(f"ok: {verdict.rows} golden {what} agree{ties}, largest difference {verdict.worst:.2g}")
    else:
        print(f"FAILED: {verdict.first_difference}")
    return 0 if verdict.ok else 1


def _update(options: argparse.Namespace) -> int:
    print(
        "isoship: update is not available in this version: copy the new bundle over and run selftest", file=sys.stderr
    )
    return 2


if __name__ == "__main__":
    sys.exit(main())
