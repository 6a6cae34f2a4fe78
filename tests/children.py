"""Command lines in processes of their own, by the hundred: each under limits, and measured.

A parent imports netdsl once and forks a child for each command line, so that one costs milliseconds where a fresh
Python costs a second. A child sees what the command alone would see: its folder, its three streams, its environment.
Run as a program, this file is the parent: a JSON list of jobs comes in on a line, a list of outcomes goes out.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, NoReturn

ROOT = Path(__file__).parents[1]
SPACE = 8 << 30  # bytes of address space beyond the parent's: a child that runs wild harms nobody
CRASHED = 99  # the exit status of an exception that nothing caught


@dataclass(frozen=True, slots=True)
class Job:
    """`netdsl ARGUMENTS` in folder `cwd`, with `input` (bytes as Latin-1) on stdin.

    `seconds` of processor time end it. `program` is what is called, with `arguments` in sys.argv.
    """

    arguments: tuple[str, ...]
    cwd: str = "."
    input: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    seconds: int = 30
    program: str = "netdsl.cli:program"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status` is the exit status, negative for a signal; `seconds` of processor time; `peak` bytes of memory."""

    status: int
    stdout: str
    stderr: str
    seconds: float
    peak: int


class Parent:
    """The process that forks, with the modules `imports` loaded."""

    def __init__(self, *imports: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, __file__, *imports],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )

    def run(self, *jobs: Job) -> list[Outcome]:
        """What becomes of the jobs, all of which run at the same time."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps([asdict(job) for job in jobs]), file=self.process.stdin, flush=True)
        return [Outcome(**told) for told in json.loads(self.process.stdout.readline())]

    def close(self) -> None:
        self.process.communicate()


# ------------------------------------------------------------------------------------------------------ the parent


def serve(imports: Iterable[str]) -> None:
    for name in imports:
        importlib.import_module(name)
    for line in sys.stdin:
        started = [_start(job) for job in json.loads(line)]
        print(json.dumps([_outcome(*one) for one in started]), flush=True)


def _start(job: dict[str, Any]) -> tuple[int, IO[bytes], IO[bytes]]:
    given, out, err = (tempfile.TemporaryFile() for _ in range(3))  # noqa: SIM115
    given.write(job["input"].encode("latin-1"))
    given.seek(0)
    child = os.fork()
    if not child:
        _become(job, (given, out, err))
    given.close()
    return child, out, err


def _outcome(child: int, out: IO[bytes], err: IO[bytes]) -> dict[str, Any]:
    _, status, usage = os.wait4(child, 0)
    seconds, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
    return asdict(Outcome(os.waitstatus_to_exitcode(status), _read(out), _read(err), seconds, peak))


def _read(stream: IO[bytes]) -> str:
    with stream:
        stream.seek(0)
        return stream.read().decode("utf-8", "backslashreplace")


def _become(job: dict[str, Any], streams: tuple[IO[bytes], ...]) -> NoReturn:
    """The rest of a child's life."""
    status: object = CRASHED
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream.fileno(), number)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
        os.chdir(job["cwd"])
        os.environ.update(job["environment"])
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (SPACE + pages * resource.getpagesize(),) * 2)
        resource.setrlimit(resource.RLIMIT_CPU, (job["seconds"], job["seconds"] + 1))
        module, _, function = job["program"].partition(":")
        sys.argv = ["netdsl", *job["arguments"]]
        status = getattr(importlib.import_module(module), function)()
    except SystemExit as end:
        status = end.code
    except BaseException:
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status if isinstance(status, int) else CRASHED if status is not None else 0)
    raise AssertionError


if __name__ == "__main__":
    serve(sys.argv[1:])
