"""Output under attack, killed at any moment, failing at any call, written by eight at once: the old or the new."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import netdsl
from netdsl.diagnostics import NetdslError
from netdsl.files import BANNER, replace, write_generated
from tests.children import Job, Parent

OLD = f'"""{BANNER} from old.net."""\n' + "old = 1\n" * 40_000
NEW = f'"""{BANNER} from new.net."""\n' + "new = 1\n" * 50_000
KILLS = 200


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".tmp")]


# --------------------------------------------------------------------------------------------------------- kill -9

# Writes the two in turn for ever, and is killed after so many turns as it is told; a fork, so that 200 take seconds.
WRITER = """
import os, signal, sys, time
from pathlib import Path
from typing import Any
from netdsl.files import write_generated
texts, path = [Path(name).read_text() for name in sys.argv[2:4]], Path(sys.argv[1])
begin = time.perf_counter()
for text in texts * 2:
    write_generated(path, text)
turn = (time.perf_counter() - begin) / 2
for turns in sys.stdin:
    child = os.fork()
    if not child:
        while True:
            for text in texts:
                write_generated(path, text)
    time.sleep(float(turns) * turn)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print("killed", flush=True)
"""


def test_a_file_is_whole_after_a_kill_at_any_moment(tmp_path, counted):
    path = tmp_path / "out" / "net.py"
    path.parent.mkdir()
    path.write_text(OLD)
    texts = [tmp_path / "old", tmp_path / "new"]
    for file, text in zip(texts, (OLD, NEW), strict=True):
        file.write_text(text)
    moments = random.Random(7)
    seen: dict[str, int] = {OLD: 0, NEW: 0}
    abandoned = 0
    program = [sys.executable, "-c", WRITER, str(path), *map(str, texts)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        for _ in range(KILLS):
            print(moments.uniform(0.0, 2.0), file=writer.stdin, flush=True)
            assert writer.stdout.readline() == "killed\n"
            seen[path.read_text()] += 1  # a KeyError where it is neither
            abandoned += bool(leftovers(path.parent))
        writer.stdin.close()
    assert all(seen.values()), "the writer was killed before it wrote"
    assert abandoned, "no kill fell into a write"
    counted("kills in the middle of writing", KILLS)
    for left in leftovers(path.parent):  # a minute later
        os.utime(path.parent / left, (0, 0))
    write_generated(path, NEW)
    assert leftovers(path.parent) == []


# ----------------------------------------------------------------------------------------------- calls that fail

CALLS = ("open", "fdopen", "fsync", "replace", "close", "chmod", "stat", "access", "urandom")
FAILURES = [
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EACCES, "Permission denied"),
    OSError(errno.EIO, "Input/output error"),
    InterruptedError(errno.EINTR, "Interrupted system call"),
    KeyboardInterrupt(),
    MemoryError(),
]


class Failing:
    """The operating system, where the call with number `fatal` raises `failure`, before or after it did its work."""

    def __init__(self, failure: BaseException, fatal: int, after: bool) -> None:
        self.failure, self.fatal, self.after, self.count = failure, fatal, after, 0

    def wrapped(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.count += 1
            fatal = self.count == self.fatal
            if fatal and not self.after:
                raise self.failure
            result = real(*arguments, **named)
            if fatal:
                raise self.failure
            return File(result, self) if real is FDOPEN else result

        return call


class File:
    """An open file whose writing may fail too."""

    def __init__(self, file: Any, system: Failing) -> None:
        self.file = file
        self.fileno, self.write, self.flush = file.fileno, system.wrapped(file.write), system.wrapped(file.flush)

    def __enter__(self) -> File:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


FDOPEN = os.fdopen


@contextlib.contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, failure: BaseException, fatal: int, after: bool) -> Iterator[Failing]:
    with monkeypatch.context() as patch:
        system = Failing(failure, fatal, after)
        for name in CALLS:
            patch.setattr(os, name, system.wrapped(getattr(os, name)))
        yield system


def outcome(path: Path) -> object:
    """What `replace` raised: the code of a NetdslError, another exception itself; None where it came to its end."""
    try:
        replace(path, NEW)
    except NetdslError as error:
        return error.diagnostics[0].code
    except BaseException as error:
        return error
    return None


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("failure", FAILURES, ids=lambda f: f"{type(f).__name__}-{getattr(f, 'errno', '')}")
@pytest.mark.parametrize("there", [True, False], ids=["over", "new"])
def test_a_file_is_old_or_new_whichever_call_fails(tmp_path, monkeypatch, failure, after, there, counted):
    path = tmp_path / "net.py"
    fatal, finished = 0, False
    while not finished:
        fatal += 1
        path.unlink(missing_ok=True)
        if there:
            path.write_text(OLD)
        with failing(monkeypatch, failure, fatal, after) as system:
            said = outcome(path)
            finished = system.count < fatal
        assert said is None or said is failure or (isinstance(failure, OSError) and said == "N705")
        now = path.read_text() if path.exists() else None
        assert now in (OLD if there else None, NEW)
        assert leftovers(tmp_path) == []
        counted("write calls that failed", 0 if finished else 1)
    assert now == NEW
    assert fatal > 10, "the calls are not those that are made"


# ------------------------------------------------------------------------------------------------------- at once


def test_eight_compilers_on_one_target(tmp_path, counted):
    networks = [f"net n{i} {{ input x: 3x8x8; output y = x -> repeat {i + 1} {{ conv(4, 3) }} }}\n" for i in range(8)]
    for i, text in enumerate(networks):
        (tmp_path / f"n{i}.net").write_text(text)
    parent = Parent("netdsl.cli.compile", "netdsl.compiler")
    try:
        alone = parent.run(*(Job(("compile", f"n{i}.net"), cwd=str(tmp_path)) for i in range(8)))
        products = {outcome.stdout for outcome in alone}
        assert len(products) == 8
        for _ in range(3):
            jobs = [Job(("compile", f"n{i}.net", "-o", "out.py"), cwd=str(tmp_path)) for i in range(8)]
            assert [outcome.status for outcome in parent.run(*jobs)] == [0] * 8
            assert (tmp_path / "out.py").read_text() in products
            assert leftovers(tmp_path) == []
        counted("compilers that shared a target", 24)
    finally:
        parent.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_compiler_that_is_stopped_leaves_the_old_module(tmp_path, number):
    """The command itself, stopped at moments from its start to its end."""
    (tmp_path / "big.net").write_text("net big { input x: 3x8x8; output y = x -> repeat 400 { conv(4, 3) -> relu } }\n")
    path = tmp_path / "big.py"
    product = netdsl.compile(tmp_path / "big.net").source()
    path.write_text(OLD)
    for delay in (0.2, 0.5, 0.9, 1.3):
        command = [sys.executable, "-m", "netdsl", "compile", "big.net", "-o", "big.py"]
        with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) as compiler:
            time.sleep(delay)
            compiler.send_signal(number)
            assert compiler.stderr is not None
            said = compiler.stderr.read()
        assert b"internal error" not in said
        assert path.read_text() in (OLD, product)
