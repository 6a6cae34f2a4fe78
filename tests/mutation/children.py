"""Work done in a fork of this process: it starts with everything imported, and whatever it breaks dies with it."""

from __future__ import annotations

import os
import pickle
import resource
import select
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

T = TypeVar("T")

ROOM = 4 << 30  # bytes that a child may take beyond what it was born with
DIED = "out of time or memory"
WAIT = 300.0  # seconds after which a child that only waits is dead


def allow(seconds: float) -> None:
    """This process dies of a signal when it has computed for so long, or waited for WAIT seconds."""
    _at(signal.SIG_DFL, seconds)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, max(WAIT, 20 * seconds))


@contextmanager
def interrupted(seconds: float) -> Iterator[None]:
    """What runs inside ends, by a TimeoutError, when it has computed for so long."""

    def interrupt(number: int, frame: object) -> None:
        raise TimeoutError

    _at(interrupt, seconds)
    try:
        with suppress(TimeoutError):
            yield
    finally:
        _at(signal.SIG_IGN, 0)


def _at(action: Any, seconds: float) -> None:
    signal.signal(signal.SIGPROF, action)
    signal.setitimer(signal.ITIMER_PROF, seconds)


def alone() -> None:
    """From now on this process starts no other one: a test that would fails, for there the mutant does not live."""

    def refuse(event: str, arguments: object) -> None:
        if event == "subprocess.Popen":
            raise RuntimeError("a mutant lives in one process")

    sys.addaudithook(refuse)


def in_children(work: Iterable[T], task: Callable[[T], Any], jobs: int) -> Iterator[tuple[T, Any]]:
    """Each piece of work with what `task` made of it in a child of its own, or DIED.

    In the order in which they end; `jobs` children at a time.
    """
    waiting = iter(work)
    living: dict[int, tuple[int, T]] = {}
    while True:
        while len(living) < jobs and (piece := next(waiting, None)) is not None:
            reading, child = _fork(task, piece)
            living[reading] = (child, piece)
        if not living:
            return
        for reading in select.select(list(living), [], [])[0]:
            child, piece = living.pop(reading)
            with os.fdopen(reading, "rb") as pipe:
                told = pipe.read()
            os.waitpid(child, 0)
            yield piece, pickle.loads(told) if told else DIED


def _fork(task: Callable[[T], Any], piece: T) -> tuple[int, int]:
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return reading, child
    os.close(reading)
    try:
        _quietly()
        told = pickle.dumps(task(piece))
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(told)
    finally:
        os._exit(0)


def _quietly() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        taken = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + ROOM, taken + ROOM))
