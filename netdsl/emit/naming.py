"""Statements over numbered values become lines with names."""

from __future__ import annotations

import re

from netdsl.emit import python
from netdsl.emit.statements import ATOM, MARK, Block, Body, Evaluate, For, If, Text, defined, mark, put, read

_POWER = re.compile(r"(?<![\w.)\]])([A-Za-z_][\w.]*|\d+) \*\* (-?[\w.]+)(?![\w.(\[])")  # simple sides hug the sign
_NESTED_WIDTH = 96
_SHORT = 40
_POOL = ("x", "y", "z", "w", "v", "u", "t", "s")


class Writer:
    """Turns a `Body` into lines."""

    def __init__(self, body: Body, indent: int = 2) -> None:
        self.body, self.indent = body, indent
        self.lines: list[str] = []
        self.inline: dict[int, Evaluate] = {}
        self._merge_nested(body.block, body.end)
        self.last: dict[int, int] = {}
        self.ends: dict[int, int] = {}  # result of an if or for -> where it ends
        self.before_second: dict[int, tuple[int, dict[int, int]]] = {}  # result of an if -> as its first arm ends
        self.clock = 0
        self._positions(body.block)
        for value in read(body.end):
            self.last[value] = self.clock + 1
        self.returned = False
        self.name: dict[int, str] = dict(body.named)
        self.forced: dict[int, str] = {}
        self.clock = 0
        self.authors = set(body.hints.values()) | set(body.soft.values()) | (set(body.named.values()) - body.reusable)

    def write(self) -> list[str]:
        """The lines; `returned` says whether the last of them returns."""
        block, end = self.body.block, self.body.end
        last = block[-1] if block else None
        direct = isinstance(last, Evaluate) and not last.listed and read(end) == last.results
        if isinstance(last, Evaluate) and direct and last.results[0] not in self._read_before(block[:-1]):
            self._block(block[:-1])
            self.clock += 1
            code = put(end, last.results[0], last)
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
                for value in reversed(read(statement.code)):
                    source = made.get(value)
                    if (
                        source is not None
                        and counts[value] == 1
                        and value not in statement.apart
                        and self._suits(source, statement)
                    ):
                        self._put(source, statement, value)
                        kept.remove(source)
                made.update(dict.fromkeys(statement.results, statement))
            kept.append(statement)
        block[:] = kept

    def _suits(self, source: Evaluate, reader: Evaluate) -> bool:
        """Whether a person would write `source` inside `reader`."""
        if source.listed or source.results[0] in self.body.hints:
            return False
        if self._width(source.code) + self._width(reader.code) > _NESTED_WIDTH:
            return False
        if reader.merge:
            arithmetic = reader.level < ATOM and source.light
            short = source.calls == 1 and len(read(reader.code)) <= 2 and self._width(source.code) <= _SHORT
            return arithmetic or short
        if reader.light:
            return (source.light or source.module) and source.calls + reader.calls <= 4
        # The stages of a short branch stand on one line.
        branch = self.body.soft.get(reader.results[0], "").startswith("branch") and reader.module
        return branch and source.calls + reader.calls <= 3

    def _width(self, code: str) -> int:
        return len(MARK.sub(lambda m: self.body.named.get(int(m[1]), "x"), code))

    def _put(self, source: Evaluate, reader: Evaluate, value: int) -> None:
        reader.code = put(reader.code, value, source)
        reader.calls += source.calls

    # Lifetimes ---------------------------------------------------------------------------------------------

    def _positions(self, block: Block) -> None:
        """Number the statements, and note where each value is read last."""
        for statement in block:
            self.clock += 1
            match statement:
                case Evaluate() | Text():
                    for value in read(statement.code):
                        self.last[value] = self.clock
                case If():
                    self._positions_of_if(statement)
                case For():
                    self.last[statement.entry] = self.clock
                    start = self.clock
                    own = set(defined(statement.body)) | {statement.inside}
                    self._positions(statement.body)
                    self.clock += 1
                    self.last[statement.leaves] = self.clock
                    for value, at in self.last.items():  # what the body reads from outside is read again
                        if at > start and value not in own:
                            self.last[value] = self.clock
                    self.ends[statement.result] = self.clock

    def _positions_of_if(self, statement: If) -> None:
        for value in (*read(statement.condition), statement.entry):
            self.last[value] = self.clock
        for arm, leaves in zip(statement.arms, statement.leaves, strict=True):
            self._positions(arm)
            self.clock += 1
            self.last[leaves] = self.clock
            if arm is statement.arms[0]:
                self.before_second[statement.result] = self.clock, dict(self.last)
        self.ends[statement.result] = self.clock

    def _live(self, after: int) -> set[str]:
        """The variables that hold a value somebody reads after the statement at `after`."""
        return {name for value, name in self.name.items() if self.last.get(value, 0) > after}

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
        lines = python.wrapped(self.text(code), self.indent)
        if comment and len(lines[-1]) + len(comment) + 4 <= python.WIDTH:
            lines[-1] += f"  # {comment}"
        self.lines += lines

    def text(self, code: str) -> str:
        shown = MARK.sub(lambda m: self.name[int(m[1])], code)
        return _POWER.sub(r"\1**\2", shown) if " ** " in shown else shown

    def _evaluate(self, statement: Evaluate) -> None:
        code = self.text(statement.code)
        reads = read(statement.code)
        names: list[str] = []
        for result in statement.results:
            names.append(
                "_" if not self.last.get(result) else self._choose(result, reads, self._live(self.clock) | set(names))
            )
        for result, name in zip(statement.results, names, strict=True):
            self._take(result, name)
        target = ", ".join(names) if len(names) > 1 or not statement.listed else f"({names[0]},)"
        if target != code:
            self._line(f"{target} = {code}", statement.comment)

    def _take(self, value: int, name: str) -> None:
        self.name = {v: n for v, n in self.name.items() if n != name}
        self.name[value] = name

    def _choose(self, result: int, reads: list[int], live: set[str]) -> str:
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

    def _variable(self, entry: int, result: int, *, free: bool) -> tuple[str, bool]:
        """The variable for a value that flows through control, and whether `entry` is in it already.

        `free` says that `entry` is not read any more once its variable is assigned anew.
        """
        current = self.name[entry]
        others = {n for v, n in self.name.items() if v != entry and self.last.get(v, 0) > self.clock}
        wanted = self.forced.get(result) or self.body.hints.get(result) or self.body.soft.get(result)
        suits = wanted == current or (wanted is None and current not in self.authors)
        if free and suits and current not in others:
            return current, True
        live = others if free else others | {current}
        if wanted and wanted not in live:
            return wanted, wanted == current
        return self._fresh(live | {current}), False

    def _if(self, statement: If) -> None:
        end = self.ends[statement.result]
        free = self.last[statement.entry] <= end
        name, holds = self._variable(statement.entry, statement.result, free=free)
        empty = [not arm and leaves == statement.entry for arm, leaves in self._arms(statement)]
        if any(empty) and not holds:
            self._line(f"{name} = {mark(statement.entry)}")
        condition = self.text(statement.condition)
        middle, last_before = self.before_second[statement.result]
        before, everywhere = dict(self.name), self.last
        for i, (arm, leaves) in enumerate(self._arms(statement)):
            if empty[i]:
                self.clock += 1
                continue
            if i == 0 or not empty[0]:
                self._line("else:" if i else f"if {condition}:")
            else:
                self._line(f"if not {condition}:" if re.fullmatch(r"[\w.]+", condition) else f"if not ({condition}):")
            self.name = dict(before)
            if i == 0:  # what only the second arm reads is not needed in the first
                self.last = {v: last_before.get(v, 0) if middle < at <= end else at for v, at in everywhere.items()}
            self.indent += 1
            self._run(arm, leaves, name)
            self.indent -= 1
            self.last = everywhere
        self.name = {v: n for v, n in before.items() if n != name}
        self.name[statement.result] = name

    def _arms(self, statement: If) -> list[tuple[Block, int]]:
        return list(zip(statement.arms, statement.leaves, strict=True))

    def _run(self, block: Block, leaves: int, name: str) -> None:
        """An arm or a loop's body, which puts the value `leaves` into the variable `name`."""
        self.forced.setdefault(leaves, name)
        start = len(self.lines)
        self._block(block)
        self.clock += 1
        if self.name[leaves] != name:
            self._line(f"{name} = {mark(leaves)}")
        if len(self.lines) == start:
            self._line("pass")

    def _for(self, statement: For) -> None:
        free = self.last[statement.entry] <= self.clock
        name, holds = self._variable(statement.entry, statement.result, free=free)
        if not holds:
            self._line(f"{name} = {mark(statement.entry)}")
        before = {v: n for v, n in self.name.items() if n != name}
        self._line(statement.header)
        self.indent += 1
        self.name = {**before, statement.inside: name}
        self._run(statement.body, statement.leaves, name)
        self.indent -= 1
        self.name = {**before, statement.result: name}
