"""The functions that live in memory, into which the code of a mutant goes.

They are changed and not replaced, so that whoever imported, decorated or stored one has the changed one.
"""

from __future__ import annotations

import gc
import importlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import _lru_cache_wrapper
from types import CodeType, FunctionType
from typing import Any

from tests.mutation.mutants import ROOT, File, Function
from tests.mutation.reach import PROBE


class Living:
    """The functions of `files`, and whatever of ours remembers what a function returned."""

    def __init__(self, files: Iterable[File]) -> None:
        paths = {str(file.path) for file in files}
        for file in files:
            importlib.import_module(".".join(file.path.relative_to(ROOT).with_suffix("").parts))
        self._functions: dict[tuple[str, Function], list[FunctionType]] = defaultdict(list)
        self._caches: list[_lru_cache_wrapper[Any]] = []
        for thing in gc.get_objects():
            kind = type(thing)  # `isinstance` asks the thing itself, which wakes lazy ones
            if kind is FunctionType and thing.__code__.co_filename in paths:
                code = thing.__code__
                self._functions[code.co_filename, Function(code.co_qualname, code.co_firstlineno)].append(thing)
            elif kind is _lru_cache_wrapper and thing.__module__.startswith(("netdsl", "tests")):
                self._caches.append(thing)

    def install(self, file: File, functions: Mapping[Function, CodeType], probe: Callable[..., object] = id) -> None:
        """Put the code into the functions of `file`; `probe` is what their probes call, if they have any."""
        for function, code in functions.items():
            for living in self._functions.get((str(file.path), function), ()):
                living.__code__ = code
                living.__globals__[PROBE] = probe

    def forget(self) -> None:
        """Empty all caches: a test that is told a remembered value does not reach the code."""
        for cache in self._caches:
            cache.cache_clear()
