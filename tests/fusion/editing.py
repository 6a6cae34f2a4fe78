"""Faults as edits of the source: a function runs with a piece of its text replaced, for as long as a context lasts."""

from __future__ import annotations
import __future__

import contextlib
import importlib.util
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any


def replaced(source: str, edits: tuple[tuple[str, str], ...], what: str) -> str:
    """`source` after all edits; AssertionError where one meets nothing, for then the fault would be none."""
    for old, new in edits:
        assert old in source, f"{what} has no {old!r} any more: the fault must follow it"
        source = source.replace(old, new)
    return source


@contextlib.contextmanager
def function(target: Callable[..., Any], *edits: tuple[str, str]) -> Iterator[None]:
    """A Python function with `edits` (old text, new text): its code is exchanged, and so all who import it see it."""
    inner = inspect.unwrap(target)
    assert isinstance(inner, FunctionType)
    source = replaced(textwrap.dedent(inspect.getsource(inner)), edits, inner.__qualname__)
    scope: dict[str, Any] = {}
    code = compile(
        source, f"<faulty {inner.__qualname__}>", "exec", __future__.annotations.compiler_flag, dont_inherit=True
    )
    exec(code, inner.__globals__, scope)
    faulty = scope[inner.__name__]
    kept = inner.__code__
    assert faulty.__code__.co_freevars == kept.co_freevars
    inner.__code__ = faulty.__code__
    try:
        yield
    finally:
        inner.__code__ = kept


def module(original: ModuleType, folder: Path, *edits: tuple[str, str]) -> ModuleType:
    """A module of kernels with `edits`, imported from a file of its own: Triton reads the source again."""
    source = replaced(Path(str(original.__file__)).read_text(encoding="utf-8"), edits, original.__name__)
    name = f"faulty_{original.__name__.replace('.', '_')}_{abs(hash(source))}"
    path = folder / f"{name}.py"
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[name] = found
    spec.loader.exec_module(found)
    return found
