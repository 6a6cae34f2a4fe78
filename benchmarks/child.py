"""Running one measurement in a process of its own, which is ended with all that it started when its time is over."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LAST_WORDS = 10.0  # seconds, for who is interrupted


def run(
    command: Sequence[str], seconds: float, environment: Mapping[str, str] | None = None
) -> tuple[int | None, str, str, float]:
    """Exit status (None where time was over), stdout, stderr, and the seconds that it took."""
    start = time.monotonic()
    child = subprocess.Popen(
        list(command),
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    status: int | None = None
    try:
        out, err = child.communicate(timeout=max(seconds, 1))
        status = child.returncode
    except subprocess.TimeoutExpired:
        out, err = _asked_to_end(child)
    except BaseException:
        _end(child)
        raise
    return status, out, err, time.monotonic() - start


def bench(arguments: Sequence[str], seconds: float, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What `netdsl bench --json` prints, and `seconds`; where it printed nothing, `error` says why, and `unfinished`
    that it may yet."""
    status, out, err, took = run([sys.executable, "-m", "netdsl", *arguments], seconds, environment)
    with contextlib.suppress(ValueError):
        found = json.loads(out)
        if isinstance(found, dict) and "rows" in found:
            return {**found, "seconds": round(took, 1)}
    said = [line for line in err.splitlines() if "error" in line.lower()] or err.split("\n")[-2:-1]
    why = "cut off" if status is None else (said or [f"exit status {status}"])[0]
    return {"error": why[:300], "seconds": round(took, 1), "rows": [], "unfinished": status is None}


def _asked_to_end(child: subprocess.Popen[str]) -> tuple[str, str]:
    """What it said, the last words too: pytest tells of the failures so far where it is interrupted."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        return child.communicate(timeout=LAST_WORDS)
    _end(child)
    return child.communicate()


def _end(child: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
