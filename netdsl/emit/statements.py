"""The body of a function before its variables have names, and how they get them.

Values are numbers; code that reads value 7 holds the mark `⟦7⟧`, or `⟦7!⟧` where a bare name, call or the like must
stand. Naming follows the hand of a person: a value that is read once, by something light, is written inside its
reader; a pipeline goes on in the same variable; what the author named keeps its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from netdsl.emit import python

_MARK = re.compile(r"⟦(\d+)(!?)⟧")
_NESTED_WIDTH = 88
_POOL = ("x", "y", "z", "w", "v", "u", "t", "s")


def mark(value: int, *, atom: bool = False) -> str:
    return f"⟦{value}{'!' if atom else ''}⟧"


@dataclass(eq=False, slots=True)
class Evaluate:
    """`results = code`; several results unpack."""

    results: list[int]
    code: str
    atom: bool = True
    light: bool = False  # an activation, a norm, arithmetic: worth no line of its own
    merge: bool = False  # reads several values, so calls inside it make it hard to read
    comment: str = ""
    keep: bool = False  # stays a statement of its own
    calls: int = 1  # how deeply calls are nested in the code


@dataclass(eq=False, slots=True)
class If:
    """`result` is what the arm taken leaves; an empty arm leaves `entry`."""

    condition: str
    arms: tuple[Block, Block]
    entry: int
    leaves: tuple[int, int]
    result: int


@dataclass(eq=False, slots=True)
class For:
    """`entry` enters, `inside` is the value within an iteration, `leaves` what it leaves, `result` the last of these."""

    header: str
    body: Block
    entry: int
    inside: int
    leaves: int
    result: int


@dataclass(eq=False, slots=True)
class Text:
    """A line as it is, with marks."""

    code: str
    opens: bool = False


Statement: TypeAlias = Evaluate | If | For | Text
Block: TypeAlias = list[Statement]


def read(code: str) -> list[int]:
    return [int(number) for number, _ in _MARK.findall(code)]


@dataclass(eq=False)
class Body:
    """A function's statements; `ends` are the values its last line reads, in code with marks."""

    block: Block
    end: str
    hints: dict[int, str] = field(default_factory=dict)
    named: dict[int, str] = field(default_factory=dict)  # parameters: value -> name
    reusable: set[str] = field(default_factory=set)  # parameters whose variable may be assigned again
    soft: dict[int, str] = field(default_factory=dict)  # names that give way to nesting


class Writer:
    """Turns a `Body` into lines."""

    def __init__(self, body: Body, indent: int = 2) -> None:
        self.body, self.indent = body, indent
        self.lines: list[str] = []
        self.inline: dict[int, Evaluate] = {}
        self._merge_nested(body.block, body.end)
        self.last: dict[int, int] = {}
        self.clock = 0
        self._positions(body.block)
        self.clock += 1
        for value in self._reads(body.end):
            self.last[value] = self.clock
        self.end = self.clock
        self.returned = False
        self.name: dict[int, str] = dict(body.named)
        self.forced: dict[int, str] = {}
        self.clock = 0
        self.authors = set(body.hints.values()) | set(body.soft.values()) | (set(body.named.values()) - body.reusable)

    def write(self) -> list[str]:
        """The lines; `returned` says whether the last of them returns."""
        block, end = self.body.block, self.body.end
        last = block[-1] if block else None
        direct = isinstance(last, Evaluate) and len(last.results) == 1 and len(read(end)) == 1
        if direct and read(end) == last.results and last.results[0] not in self._read_before(block[:-1]):  # type: ignore
            assert isinstance(last, Evaluate)
            self._block(block[:-1])
            self.clock += 1
            bare = last.code if last.atom or end == mark(last.results[0]) else f"({last.code})"
            code = end.replace(mark(last.results[0], atom=True), bare).replace(mark(last.results[0]), bare)
            self._line(f"return {code}", last.comment)
            self.returned = True
            return self.lines
        self._block(block)
        self.clock += 1
        return self.lines

    def _read_before(self, block: Block) -> set[int]:
        counts: dict[int, int] = {}
        self._count(block, counts)
        return set(counts)

    # Nesting -----------------------------------------------------------------------------------------------

    def _count(self, block: Block, counts: dict[int, int]) -> None:
        for statement in block:
            match statement:
                case Evaluate() | Text():
                    for value in read(statement.code):
                        counts[value] = counts.get(value, 0) + 1
                case If():
                    for value in (*read(statement.condition), statement.entry, *statement.leaves):
                        counts[value] = counts.get(value, 0) + 1
                    for arm in statement.arms:
                        self._count(arm, counts)
                case For():
                    for value in (statement.entry, statement.leaves, statement.inside):
                        counts[value] = counts.get(value, 0) + 1
                    self._count(statement.body, counts)

    def _merge_nested(self, block: Block, end: str) -> None:
        counts: dict[int, int] = {}
        self._count(block, counts)
        for value in read(end):
            counts[value] = counts.get(value, 0) + 1
        self._nest(block, counts, end)

    def _nest(self, block: Block, counts: dict[int, int], end: str) -> None:
        """Write values read once inside their reader, where both stand in this block."""
        made: dict[int, Evaluate] = {}
        kept: Block = []
        for statement in block:
            if isinstance(statement, If):
                for arm in statement.arms:
                    self._nest(arm, counts, "")
            elif isinstance(statement, For):
                self._nest(statement.body, counts, "")
            if isinstance(statement, Evaluate):
                for value in read(statement.code):
                    source = made.get(value)
                    if source is not None and counts[value] == 1 and self._suits(source, statement):
                        self._put(source, statement, value)
                        kept.remove(source)
                made.update(dict.fromkeys(statement.results, statement))
            kept.append(statement)
        block[:] = kept

    def _suits(self, source: Evaluate, reader: Evaluate) -> bool:
        if source.keep or len(source.results) > 1 or source.results[0] in self.body.hints:
            return False
        width = len(_MARK.sub("x", source.code)) + len(_MARK.sub("x", reader.code))
        if width > _NESTED_WIDTH:
            return False
        if reader.merge:
            return source.calls == 1 and len(read(reader.code)) <= 2 and len(_MARK.sub("x", source.code)) <= 40
        return reader.light and source.calls + reader.calls <= 4

    def _put(self, source: Evaluate, reader: Evaluate, value: int) -> None:
        bare = source.code if source.atom else f"({source.code})"
        reader.code = reader.code.replace(mark(value, atom=True), bare).replace(mark(value), source.code)
        reader.calls += source.calls

    # Lifetimes ---------------------------------------------------------------------------------------------

    def _reads(self, code: str) -> list[int]:
        return read(code)

    def _positions(self, block: Block) -> None:
        for statement in block:
            self.clock += 1
            match statement:
                case Evaluate() | Text():
                    for value in read(statement.code):
                        self.last[value] = self.clock
                case If():
                    for value in read(statement.condition):
                        self.last[value] = self.clock
                    self.last[statement.entry] = max(self.last.get(statement.entry, 0), self.clock)
                    for arm, leaves in zip(statement.arms, statement.leaves, strict=True):
                        self._positions(arm)
                        self.clock += 1
                        self.last[leaves] = self.clock
                case For():
                    self.last[statement.entry] = self.clock
                    start = self.clock
                    defined = set(_defined(statement.body)) | {statement.inside}
                    self._positions(statement.body)
                    self.clock += 1
                    self.last[statement.leaves] = self.clock
                    for value, at in self.last.items():  # what the body reads from outside lives as long as the loop
                        if at > start and value not in defined:
                            self.last[value] = self.clock

    def _live(self, after: int, besides: frozenset[int] = frozenset()) -> set[str]:
        """The variables that hold a value somebody reads after the statement at `after`."""
        return {n for v, n in self.name.items() if self.last.get(v, 0) > after and v not in besides}

    # Naming ------------------------------------------------------------------------------------------------

    def _block(self, block: Block) -> None:
        for statement in block:
            self.clock += 1
            match statement:
                case Evaluate():
                    self._evaluate(statement)
                case If():
                    self._if(statement)
                case For():
                    self._for(statement)
                case Text():
                    self._line(statement.code)

    def _line(self, code: str, comment: str = "") -> None:
        text = self.text(code)
        lines = python.wrapped(text, self.indent)
        if comment:
            lines[-1] += f"  # {comment}"
        self.lines += lines

    def text(self, code: str) -> str:
        return _MARK.sub(lambda m: self.name[int(m[1])], code)

    def _evaluate(self, statement: Evaluate) -> None:
        code = self.text(statement.code)
        reads = read(statement.code)
        names = [self._choose(result, reads) for result in statement.results]
        for result, name in zip(statement.results, names, strict=True):
            self._take(result, name)
        target = ", ".join(n if self.last.get(r) else "_" for r, n in zip(statement.results, names, strict=True))
        lines = python.wrapped(f"{target} = {code}", self.indent)
        if statement.comment:
            lines[-1] += f"  # {statement.comment}"
        if target != code:
            self.lines += lines

    def _take(self, value: int, name: str) -> None:
        for other in [v for v, n in self.name.items() if n == name and self.last.get(v, 0) <= self.clock]:
            del self.name[other]
        self.name[value] = name

    def _choose(self, result: int, reads: list[int]) -> str:
        live = self._live(self.clock)
        wanted = self.forced.get(result) or self.body.hints.get(result) or self.body.soft.get(result)
        if wanted and wanted not in live:
            return wanted
        for value in reads:
            name = self.name.get(value)
            if name and name not in live and name not in self.authors:
                return name
        return self._fresh(live)

    def _fresh(self, live: set[str]) -> str:
        taken = live | self.authors
        for name in _POOL:
            if name not in taken:
                return name
        n = 1
        while f"x{n}" in taken:
            n += 1
        return f"x{n}"

    def _variable(self, entry: int, result: int) -> tuple[str, bool]:
        """The variable for a value that flows through control, and whether `entry` is in it already."""
        live = self._live(self._after(entry, result))
        wanted = self.forced.get(result) or self.body.hints.get(result)
        current = self.name[entry]
        free = current not in self._live(self.clock, frozenset({entry})) and self.last[entry] <= self._after(entry, result)
        if free and current not in self.authors and wanted in (None, current):
            return current, True
        if wanted and wanted not in live and (wanted == current or wanted not in self._live(self.clock)):
            return wanted, wanted == current
        return self._fresh(live | self._live(self.clock)), False

    def _after(self, entry: int, result: int) -> int:
        return self._ends.get(result, self.clock)

    @property
    def _ends(self) -> dict[int, int]:
        return self.__dict__.setdefault("_end_of", {})

    def _if(self, statement: If) -> None:
        start = self.clock
        ends = start + sum(_length(arm) + 1 for arm in statement.arms)
        self._ends[statement.result] = ends
        name, holds = self._variable(statement.entry, statement.result)
        passes = [leaves == statement.entry for leaves in statement.leaves]
        if any(passes) and not holds:
            self._line(f"{name} = {mark(statement.entry)}")
        written = False
        before = dict(self.name)
        for i, (arm, leaves) in enumerate(zip(statement.arms, statement.leaves, strict=True)):
            if not arm and passes[i]:
                self.clock += 1
                continue
            condition = self.text(statement.condition)
            if i == 0:
                self._line(f"if {condition}:")
            elif written:
                self._line("else:")
            else:
                self._line(f"if not {condition}:" if re.fullmatch(r"[\w.]+", condition) else f"if not ({condition}):")
            written = True
            self.name = dict(before)
            self.indent += 1
            self._arm(arm, leaves, name, in_place=passes[i] and holds)
            self.indent -= 1
        self.name = {v: n for v, n in before.items() if n != name or self.last.get(v, 0) > ends}
        self.name[statement.result] = name

    def _arm(self, arm: Block, leaves: int, name: str, *, in_place: bool) -> None:
        self.forced[leaves] = name
        self._block(arm)
        self.clock += 1
        if self.name.get(leaves) != name and not in_place:
            self._line(f"{name} = {mark(leaves)}")

    def _for(self, statement: For) -> None:
        start = self.clock
        self._ends[statement.result] = start + _length(statement.body) + 1
        name, holds = self._variable(statement.entry, statement.result)
        if not holds:
            self._line(f"{name} = {mark(statement.entry)}")
        before = dict(self.name)
        self._line(statement.header)
        self.indent += 1
        self.name = {v: n for v, n in before.items() if n != name}
        self.name[statement.inside] = name
        self.forced[statement.leaves] = name
        self._block(statement.body)
        self.clock += 1
        if self.name.get(statement.leaves) != name:
            self._line(f"{name} = {mark(statement.leaves)}")
        self.indent -= 1
        self.name = {v: n for v, n in before.items() if n != name}
        self.name[statement.result] = name


def _length(block: Block) -> int:
    total = 0
    for statement in block:
        total += 1
        if isinstance(statement, If):
            total += sum(_length(arm) + 1 for arm in statement.arms)
        elif isinstance(statement, For):
            total += _length(statement.body) + 1
    return total


def _defined(block: Block) -> Iterator[int]:
    for statement in block:
        if isinstance(statement, Evaluate):
            yield from statement.results
        elif isinstance(statement, If):
            yield statement.result
            for arm in statement.arms:
                yield from _defined(arm)
        elif isinstance(statement, For):
            yield statement.result
            yield statement.inside
            yield from _defined(statement.body)
