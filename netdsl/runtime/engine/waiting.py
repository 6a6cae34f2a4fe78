"""Until a device is done: how long that took, and what went wrong."""

from __future__ import annotations

import logging
import time

import torch

REASON = 200  # characters of why something is out

log = logging.getLogger(__name__)  # what is begun: a kernel that hangs says nothing itself


class Faulted(RuntimeError):
    """A kernel took its device's context with it: this process computes nothing more there."""


def clock(device: torch.device) -> int:
    """Nanoseconds, when all work on the device is done."""
    wait(device)
    return time.perf_counter_ns()


def wait(device: torch.device) -> None:
    """Until all work on the device is done. Raises what went wrong in it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def reason_of(error: Exception, name: str, key: str, device: torch.device) -> str:
    """Why a candidate that raised is out, of the task `key`. Raises Faulted."""
    first = (str(error).strip().splitlines() or [""])[0]
    reason = f"{type(error).__name__}: {first}"[:REASON]
    log.debug("%s is out: %s", name, reason)
    try:
        wait(device)
    except Exception:
        raise Faulted(f"{name} broke {device}: {reason}; it was to compute {key}") from error
    return reason
