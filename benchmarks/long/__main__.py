"""`make test-all GROUP=NAME`: runs a group and keeps its result under benchmarks/results/long/; without a name, all."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.long.groups import GROUPS, LIMIT_MINUTES, split, summary

_ROOT = Path(__file__).parents[2]
_KEPT = _ROOT / "benchmarks" / "results" / "long"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.long", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("group", nargs="*", choices=[*GROUPS, []], help=f"of {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--list", action="store_true", help="print the last result of each group, and run nothing")
    options = parser.parse_args(arguments)
    ran = [] if options.list else options.group or list(GROUPS)
    for name in ran:
        result = run(name)
        _KEPT.mkdir(parents=True, exist_ok=True)
        (_KEPT / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    results = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(_KEPT.glob("*.json"))}
    print("\n".join(summary(results)))
    return int(any(not results[name]["passed"] for name in ran))


def run(name: str) -> dict[str, Any]:
    """The commands of a group in turn, until one fails or the group's time is over."""
    started, end = time.monotonic(), time.monotonic() + 60 * LIMIT_MINUTES
    done: list[dict[str, Any]] = []
    for command in GROUPS[name].commands:
        print(f"== {name}: {command}", flush=True)
        own, words = split(command)
        before = time.monotonic()
        code = _ended(words, {**os.environ, **own}, end - before)
        done.append({"command": command, "exit": code, "minutes": round((time.monotonic() - before) / 60, 2)})
        if code != 0:
            break
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "commit": _commit(),
        "minutes": round((time.monotonic() - started) / 60, 2),
        "passed": all(one["exit"] == 0 for one in done),
        "commands": done,
    }


def _ended(words: list[str], environment: dict[str, str], seconds: float) -> int:
    """The exit code of a command; it and all that it started are ended when the time is over."""
    process = subprocess.Popen(words, cwd=_ROOT, env=environment, start_new_session=True)
    try:
        return process.wait(timeout=max(1.0, seconds))
    except subprocess.TimeoutExpired:
        print(f"ended after {LIMIT_MINUTES} minutes, which a group may take", file=sys.stderr)
        return -signal.SIGKILL
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _commit() -> str:
    """Which code ran: the short name of the commit, with a plus where the tree differs from it."""
    git = ["git", "-C", str(_ROOT)]
    name = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    changed = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True).stdout.split("\n")
    others = [line for line in changed if line and "benchmarks/results/" not in line]
    return f"{name}{'+' if others else ''}"


if __name__ == "__main__":
    sys.exit(main())
