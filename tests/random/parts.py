"""A random network's text in its parts: blocks, inputs and targets, statements, outputs with the loss."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from netdsl.ops import OPS
from netdsl.ops.op import Op, Shape
from tests.random.networks import Net
from tests.random.stages import Apply, Loop, text
from tests.random.structure import DRAWING
from tests.random.writer import UNARY, Scope, Writer

NAMES = re.compile(r"\b[a-z]+\d+\b")
# What computes the same each time that it is said: no weights of its own, and nothing at random.
PURE = {name for name in OPS if OPS[name].weights is Op.weights and name not in DRAWING}


@dataclass(frozen=True)
class Parts:
    """Each a line of the text; `read(str(parts))` gives the parts again."""

    blocks: tuple[str, ...]
    head: tuple[str, ...]
    statements: tuple[str, ...]
    tail: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([*self.blocks, "net f {", *self.head, *self.statements, *self.tail, "}", ""])

    def but(self, **changes: Any) -> Parts:
        return replace(self, **changes)


def read(written: str) -> Parts:
    lines = written.rstrip("\n").split("\n")
    net = lines.index("net f {")
    inner = lines[net + 1 : -1]
    head = [line for line in inner if line.startswith(("  input", "  target"))]
    tail = [line for line in inner if line.startswith(("  output", "  aux", "  loss"))]
    between = inner[len(head) : len(inner) - len(tail)]
    return Parts(tuple(lines[:net]), tuple(head), tuple(between), tuple(tail))


def defined(line: str) -> set[str]:
    """The names that a statement defines."""
    return set(NAMES.findall(line.split(" = ")[0].split(":")[0]))


def needed(line: str) -> set[str]:
    """All names on its right side; those of its own braces are among them."""
    return set(NAMES.findall(line.partition(" = ")[2]))


def draws(line: str) -> bool:
    """Whether a statement computes at random."""
    return any(re.search(rf"\b{name}\b", line) for name in DRAWING)


def pure(line: str) -> bool:
    """Whether a statement, said twice, computes the same value twice: a module that is shared does."""
    words = set(re.findall(r"[a-z_0-9.]+", line.partition(" = ")[2]))
    called = words & set(OPS)
    blocks = any(word.startswith("block") for word in words)
    return bool(re.match(r"  v\d+ = ", line)) and called <= PURE and not blocks and ": " not in line


class Full(Net):
    """A network in which each way of saying it otherwise finds what it changes, besides what else is there."""

    def repetition(self) -> None:
        """Layers or what is among them, twice or three times in a row."""
        source = self.pick()
        scope = Scope(labels=False, depth=1)
        for turns in (3, 2, 2):
            body, _ = self.writer.body(self.values[source], scope, 2)
            loop = Loop("", (1,) * turns, body)
            if self.writer.fits(loop, self.values[source], Scope()):
                break
        else:
            loop = Loop("", (1, 1), (Apply(OPS["relu"]()), Apply(OPS["scale"]())))
        after = loop.flow(self.values[source], {})
        self.say(self.add("v", after), f"{source} -> {text((loop,))}", source)

    def stateless(self) -> None:
        """A value that can be computed twice, of the first input: it has channels."""
        source = next(iter(self.values))
        shape = self.values[source]
        found = self.writer.operator(self.random.choice([name for name in UNARY if name in PURE]), "", shape, Scope())
        body = found if found and pure(f"  v0 = {text(found)}") else (Apply(OPS["tanh"]()),)
        after = shape
        for stage in body:
            after = stage.flow(after, {})
        self.say(self.add("v", after), f"{source} -> {text(body)}", source)

    first = (stateless, repetition)


def full(seed: int) -> str:
    return Full(seed).text()


def body_of(shape: Shape, seed: int) -> str:
    """Some pipeline that takes values of this shape."""
    body, _ = Writer(Random(seed)).body(shape, Scope(labels=False, depth=1))
    return text(body)
