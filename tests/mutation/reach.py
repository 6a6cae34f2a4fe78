"""Which tests reach which lines, and how long each computes."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any, TypeAlias

from tests.mutation.mutants import Mutant

Line: TypeAlias = tuple[str, int]


@dataclass
class Reach:
    """`seconds` of processor time of each test that passes, and the tests that reach each line."""

    seconds: dict[int, float] = field(default_factory=dict)
    lines: dict[Line, set[int]] = field(default_factory=lambda: defaultdict(set))

    def note(self, test: int, seconds: float, lines: Iterable[Line]) -> None:
        self.seconds[test] = seconds
        for line in lines:
            self.lines[line].add(test)

    def join(self, other: Reach) -> None:
        self.seconds |= other.seconds
        for line, tests in other.lines.items():
            self.lines[line] |= tests

    def tests(self, mutant: Mutant) -> set[int]:
        """Those that reach a line of the statement at fault."""
        path = str(mutant.file.path)
        return set().union(*(self.lines.get((path, line), set()) for line in mutant.place.lines))


class Tracer:
    """Notes which lines of the mutants are reached."""

    def __init__(self, mutants: Iterable[Mutant]) -> None:
        self.reached: set[Line] = set()
        self._wanted: dict[str, set[int]] = defaultdict(set)
        for mutant in mutants:
            self._wanted[str(mutant.file.path)].update(mutant.place.lines)
        self._follows: dict[CodeType, bool] = {}

    @contextmanager
    def tracing(self) -> Iterator[set[Line]]:
        """The lines that are reached inside, in the set that this yields."""
        self.reached.clear()
        sys.settrace(self._call)  # anew each time: an alarm that rings in a trace function turns tracing off
        try:
            yield self.reached
        finally:
            sys.settrace(None)

    def _call(self, frame: FrameType, event: str, argument: object) -> Any:
        code = frame.f_code
        if code not in self._follows:
            lines = self._wanted.get(code.co_filename)
            self._follows[code] = bool(lines) and any(line in lines for _, _, line in code.co_lines())
        return self._line if self._follows[code] else None

    def _line(self, frame: FrameType, event: str, argument: object) -> Any:
        self.reached.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line
