"""The C files here, compiled and loaded.

The compiler is the one that CC names, else cc, gcc or clang; the result is kept in the user's caches, by what it was
made from, with what, and for which processor. Threads are those of torch: its OpenMP is in the process already, and a
second one would fight it for the cores, so the library leaves OpenMP's functions to be found there.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from netdsl import files

HERE = Path(__file__).parent
SOURCES = tuple(sorted(HERE.glob("*.c")))
HEADERS = tuple(sorted(HERE.glob("*.h")))
FLAGS = ("-O3", "-march=native", "-std=gnu11", "-fPIC", "-fopenmp", "-fno-math-errno", "-w")
SECONDS = 120.0  # a compiler that takes longer counts as none
WORKSHOP = ".native-"  # how folders begin that are compiled in
LOCK = ".lock-native"

_one_at_a_time = threading.Lock()


class NoLibrary(Exception):
    """There is none, and the message says why."""


@dataclass(frozen=True, slots=True)
class Library:
    """`functions` has the kernels; where it is None, `why_not` says why."""

    functions: ctypes.CDLL | None
    why_not: str = ""


@cache
def library() -> Library:
    """The kernels, compiled at the first call on a machine: some seconds."""
    try:
        with _one_at_a_time:
            return Library(_made())
    except NoLibrary as error:
        return Library(None, str(error))


@cache
def sources_digest() -> str:
    """Tells one set of C files from another: what was measured of one says nothing of the next."""
    digest = hashlib.sha256()
    for source in (*HEADERS, *SOURCES):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def compiler() -> list[str]:
    """The command of the C compiler. Raises NoLibrary where there is none."""
    try:
        if given := shlex.split(os.environ.get("CC", "")):
            return given
    except ValueError as error:
        raise NoLibrary(f"CC is no command: {str(error).lower()}") from error
    for name in ("cc", "gcc", "clang"):
        if found := shutil.which(name):
            return [found]
    raise NoLibrary("there is no C compiler here: install one, or name it in CC")


def _made() -> ctypes.CDLL:
    command = compiler()
    made_with = "\0".join([*command, *FLAGS, _version(command), _processor(), sources_digest()])
    name = f"native-{hashlib.sha256(made_with.encode()).hexdigest()[:16]}.so"
    path = files.caches() / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path.parent):
            if path.exists():
                with suppress(NoLibrary):  # where the disk has lost some of it, it is made anew
                    return _load(path)
            _compile(command, path)
    except OSError:  # no caches here: compiled anew in each process
        with tempfile.TemporaryDirectory(prefix="netdsl-", ignore_cleanup_errors=True) as folder:
            path = Path(folder) / name
            _compile(command, path)
            return _load(path)  # what is loaded needs its file no longer
    return _load(path)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While no other process compiles into `folder`, where the system and the folder's disk have locks."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with (folder / LOCK).open("wb") as lock:
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _compile(command: list[str], path: Path) -> None:
    """Objects first, linked without OpenMP; another process may have been killed while it did the same."""
    for left in path.parent.glob(f"{WORKSHOP}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > 10 * SECONDS:
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=WORKSHOP) as folder:
        made = Path(folder) / path.name
        objects = [str(Path(folder) / f"{source.stem}.o") for source in SOURCES]
        commands = [
            [*command, *FLAGS, "-c", str(source), "-o", made_of_it]
            for source, made_of_it in zip(SOURCES, objects, strict=True)
        ]
        with ThreadPoolExecutor() as pool:
            list(pool.map(_run, commands))
        _run([*command, "-shared", "-o", str(made), *objects])
        made.replace(path)


def _load(path: Path) -> ctypes.CDLL:
    import torch  # noqa: F401  # brings OpenMP into the process

    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise NoLibrary(f"the kernels in C cannot be loaded: {error}") from error


def _version(command: list[str]) -> str:
    return _run([*command, "--version"])


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        raise NoLibrary(f"the C compiler does not run: {error}") from error
    if done.returncode:
        told = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr.strip()[:200])
        raise NoLibrary(f"the C compiler fails: {told}")
    return done.stdout


def _processor() -> str:
    """What instructions this processor has, as far as the system says."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    kept = {line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part"))}
    return "\n".join([platform.machine(), *sorted(kept)])
