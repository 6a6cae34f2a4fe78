"""Running one measurement in a process of its own, which is ended with all that it started when its time is over."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LAST_WORDS = 10.0  # seconds, for who is interrupted
LAST_TRACE = 3.0  # seconds, for who will not end, to say where it is
LINES, WIDTH = 200, 300  # of what a child said, that are kept


def run(
    command: Sequence[str], seconds: float, environment: Mapping[str, str] | None = None
) -> tuple[int | None, str, str, float]:
    """Exit status (None where time was over), stdout, stderr, and the seconds that it took. A Python that dies of a
    fault, or of its own deafness when time is over, says on stderr where it was."""
    start = time.monotonic()
    child = subprocess.Popen(
        list(command),
        cwd=ROOT,
        env={**os.environ, "PYTHONFAULTHANDLER": "1", **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    status: int | None = None
    try:
        out, err = child.communicate(timeout=max(seconds, 1))
        status = child.returncode
    except subprocess.TimeoutExpired:
        out, err = _asked_to_end(child)
    except BaseException:
        _signal(child, signal.SIGKILL)
        raise
    return status, out, err, time.monotonic() - start


def bench(arguments: Sequence[str], seconds: float, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What `netdsl bench --json` prints, and `seconds`. Where it printed nothing, `error` says why, `said` is the end
    of what it said, and it is `unfinished`: whatever was missing may be there another time."""
    status, out, err, took = run([sys.executable, "-m", "netdsl", *arguments], seconds, environment)
    found = printed(out)
    if found is not None and "rows" in found:
        return {**found, "seconds": round(took, 1)}
    said = [line for line in err.splitlines() if line.strip()]
    if status is None:
        why = f"cut off after: {said[-1]}" if said else "cut off"
    else:
        errors = [line for line in said if "error" in line.lower()]
        why = (errors or said or [f"exit status {status}"])[-1]
    found = {"error": why[:WIDTH], "status": status, "seconds": round(took, 1), "said": end(err)}
    return {**found, "rows": [], "unfinished": True}


def printed(out: str) -> dict[str, Any] | None:
    """The last JSON object of a program that prints one on a line; libraries may print before and after."""
    for line in reversed(out.splitlines()):
        if line.startswith("{"):
            with contextlib.suppress(ValueError):
                found: dict[str, Any] = json.loads(line)
                return found
    return None


def end(text: str) -> list[str]:
    """The last lines, as far as they are kept."""
    return [line[:WIDTH] for line in text.strip().splitlines()[-LINES:]]


def _asked_to_end(child: subprocess.Popen[str]) -> tuple[str, str]:
    """What it said, the last words too: pytest tells of the failures so far where it is interrupted, and a Python that
    waits for a device is deaf to all but SIGABRT, at which it says where it waits."""
    _signal(child, signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        return child.communicate(timeout=LAST_WORDS)
    if child.poll() is None:  # alone: what it started would drown its words
        resource.prlimit(child.pid, resource.RLIMIT_CORE, (0, 0))  # all its memory is not worth a file
        child.send_signal(signal.SIGABRT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.communicate(timeout=LAST_TRACE)
    _signal(child, signal.SIGKILL)
    return child.communicate()


def _signal(child: subprocess.Popen[str], number: signal.Signals) -> None:
    """To the child and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)
