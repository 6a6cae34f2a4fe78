"""The body of a function before its variables have names, and how they get them.

Values are numbers; code that reads value 7 holds the mark `⟦7⟧`, or `⟦7!5⟧` where what stands for it must bind as
tightly as a sum (5), a product (6), a power (8) or a name (9). Naming follows the hand of a person: a value that is
read once, by something light, is written inside its reader; a pipeline goes on in the same variable; what the author
named keeps its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

MARK = re.compile(r"⟦(\d+)(?:!(\d))?⟧")


ATOM = 9


def mark(value: int, least: int = 0) -> str:
    return f"⟦{value}!{least}⟧" if least else f"⟦{value}⟧"


@dataclass(eq=False, slots=True)
class Evaluate:
    """`results = code`; several results unpack, as does one that is `listed`."""

    results: list[int]
    code: str
    level: int = ATOM  # how tightly the code binds
    light: bool = False  # an activation, a norm, arithmetic: worth no line of its own
    module: bool = False  # a call of a module, and of nothing else
    merge: bool = False  # reads several values, so calls inside it make it hard to read
    comment: str = ""
    listed: bool = False  # the code yields a list, be it of one value; stays a statement of its own
    calls: int = 1  # how deeply calls are nested in the code
    apart: tuple[int, ...] = ()  # values that are not written inside it, whatever makes them
    step: Any = None  # the step of the trace that it is, where it is one operator


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
    """`entry` enters; an iteration begins with `inside` and leaves `leaves`, the last of which is `result`."""

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
    return [int(number) for number, _ in MARK.findall(code)]


def put(code: str, value: int, source: Evaluate) -> str:
    """`code` with the code of `source` where it reads `value`."""

    def one(match: re.Match[str]) -> str:
        if int(match[1]) != value:
            return match[0]
        return source.code if source.level >= int(match[2] or 0) else f"({source.code})"

    return MARK.sub(one, code)


@dataclass(eq=False)
class Body:
    """A function's statements; `ends` are the values its last line reads, in code with marks."""

    block: Block
    end: str
    hints: dict[int, str] = field(default_factory=dict)
    named: dict[int, str] = field(default_factory=dict)  # parameters: value -> name
    reusable: set[str] = field(default_factory=set)  # parameters whose variable may be assigned again
    soft: dict[int, str] = field(default_factory=dict)  # names that give way to nesting


def defined(block: Block) -> Iterator[int]:
    for statement in block:
        if isinstance(statement, Evaluate):
            yield from statement.results
        elif isinstance(statement, If):
            yield statement.result
            for arm in statement.arms:
                yield from defined(arm)
        elif isinstance(statement, For):
            yield statement.result
            yield statement.inside
            yield from defined(statement.body)


def reads_of(block: Block) -> list[int]:
    """Every value that is read, as often as it is."""
    found: list[int] = []
    for statement in block:
        if isinstance(statement, Evaluate | Text):
            found += read(statement.code)
        elif isinstance(statement, If):
            found += [*read(statement.condition), statement.entry, *statement.leaves]
            for arm in statement.arms:
                found += reads_of(arm)
        else:
            found += [statement.entry, statement.leaves, *reads_of(statement.body)]
    return found
