"""The library of C kernels, whatever becomes of its file. What is compiled here was compiled before."""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netdsl.native import library

building: Any = importlib.import_module("netdsl.native.library")
BUILT = library()
pytestmark = pytest.mark.skipif(BUILT.functions is None, reason=BUILT.why_not or "there is a compiler")


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[Path]]:
    """Where a library was compiled to, each time."""
    made: list[Path] = []

    def compile(command: list[str], path: Path) -> None:
        time.sleep(0.05)
        assert BUILT.functions is not None
        shutil.copyfile(BUILT.functions._name, path)
        made.append(path)

    monkeypatch.setenv("NETDSL_CACHE", str(tmp_path))
    monkeypatch.setattr(building, "_compile", compile)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    library.cache_clear()
    yield made
    library.cache_clear()


def test_what_was_compiled_is_kept(compiled: list[Path], tmp_path: Path) -> None:
    for _ in range(2):
        assert library().functions is not None
        library.cache_clear()
    assert [path.parent for path in compiled] == [tmp_path]


def test_threads_compile_it_once(compiled: list[Path]) -> None:
    threads = [threading.Thread(target=library) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(compiled) == 1


def test_another_process_that_compiles_it_is_waited_for(compiled: list[Path], tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    assert library().functions is not None
    (built,) = compiled
    elsewhere = built.rename(tmp_path / "not yet")
    library.cache_clear()
    with (tmp_path / building.LOCK).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = threading.Thread(target=library)
        waiting.start()
        time.sleep(0.2)
        assert waiting.is_alive()
        elsewhere.rename(built)
    waiting.join()
    assert library().functions is not None
    assert compiled == [built]


def test_a_file_that_is_cut_short_is_made_anew(
    compiled: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library()
    library.cache_clear()
    broken = tmp_path / "lost" / compiled[0].name
    broken.parent.mkdir()
    broken.write_bytes(b"\x7fELF")
    monkeypatch.setenv("NETDSL_CACHE", str(broken.parent))
    assert library().functions is not None
    assert compiled[1:] == [broken]


def test_without_caches_it_leaves_nothing(
    compiled: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NETDSL_CACHE", str(tmp_path / "file" / "folder"))
    assert library().functions is not None
    assert len(compiled) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_a_killed_compiler_left_is_removed_when_it_is_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = tmp_path / ".native-old", tmp_path / ".native-new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "conv.o").touch()
    os.utime(old, (1, 1))
    monkeypatch.setattr(building, "_run", lambda command: Path(command[command.index("-o") + 1]).touch())
    building._compile(["cc"], tmp_path / "native.so")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".native-new", "native.so"]
