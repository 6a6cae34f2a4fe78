"""What a pipeline is made of, in the generator's mind: each stage knows its text and what becomes of a shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from netdsl.ops.op import Op, Shape
from netdsl.text import operator_text

Numbers: TypeAlias = Mapping[str, int]


class Named(int):
    """A number that the text calls by the name of a parameter or a loop's variable."""

    name: str

    def __new__(cls, value: int, name: str) -> Named:
        made = super().__new__(cls, value)
        made.name = name
        return made

    def __str__(self) -> str:
        return self.name


class Stage:
    """Base of all; `flow` raises OpError where the stage does not take the shape."""

    def text(self) -> str:
        raise NotImplementedError

    def flow(self, shape: Shape, numbers: Numbers) -> Shape:
        raise NotImplementedError


Body: TypeAlias = tuple[Stage, ...]


def text(body: Body) -> str:
    return " -> ".join(stage.text() for stage in body)


def flow(body: Body, shape: Shape, numbers: Numbers) -> Shape:
    for stage in body:
        shape = stage.flow(shape, numbers)
    return shape


def with_numbers(op: Op, numbers: Numbers) -> Op:
    """The operator with what its named attributes are worth here."""
    values = {
        key: Named(numbers[value.name], value.name) if isinstance(value, Named) else value
        for key, value in vars(op).items()
    }
    return type(op)(**values)


@dataclass(frozen=True)
class Apply(Stage):
    op: Op
    label: str = ""

    def text(self) -> str:
        return f"{self.label}: {operator_text(self.op)}" if self.label else operator_text(self.op)

    def flow(self, shape: Shape, numbers: Numbers) -> Shape:
        return with_numbers(self.op, numbers).infer(shape)


@dataclass(frozen=True)
class Merge(Stage):
    """An operator of the results of branches."""

    op: Op
    branches: tuple[Body, ...]
    label: str = ""

    def text(self) -> str:
        head = f"{self.label}: " if self.label else ""
        return f"{head}{operator_text(self.op)} {{ {'; '.join(map(text, self.branches))} }}"

    def flow(self, shape: Shape, numbers: Numbers) -> Shape:
        return self.op.infer(*(flow(branch, shape, numbers) for branch in self.branches))


@dataclass(frozen=True)
class Halves(Stage):
    """A value cut in parts, which are joined in another order, one of them worked on."""

    split: Op
    names: tuple[str, ...]
    worked: Body
    join: Op

    def text(self) -> str:
        first, *rest = self.names
        branches = "; ".join([*rest, f"{first} -> {text(self.worked)}"])
        cut = f"{', '.join(self.names)} = in -> {operator_text(self.split)}"
        return f"{{ {cut}; {operator_text(self.join)} {{ {branches} }} }}"

    def flow(self, shape: Shape, numbers: Numbers) -> Shape:
        first, *rest = self.split.infer(shape)
        return self.join.infer(*rest, flow(self.worked, first, numbers))


@dataclass(frozen=True)
class Block:
    """A definition; `parameter` is the name of its number, or empty."""

    name: str
    parameter: str
    body: Body

    def definition(self) -> str:
        return f"block {self.name}{f'({self.parameter})' if self.parameter else ''} = {text(self.body)}"


@dataclass(frozen=True)
class Call(Stage):
    block: Block
    argument: int
    label: str = ""

    def text(self) -> str:
        given = f"({self.argument})" if self.block.parameter else ""
        return f"{self.label}: {self.block.name}{given}" if self.label else f"{self.block.name}{given}"

    def flow(self, shape: Shape, numbers: Numbers) -> Shape:
        given = numbers[self.argument.name] if isinstance(self.argument, Named) else int(self.argument)
        return flow(self.block.body, shape, {self.block.parameter: given})


@dataclass(frozen=True)
class Loop(Stage):
    """`repeat`, or `for` over numbers where there is a variable."""

    variable: str
    values: tuple[int, ...]
    body: Body

    def text(self) -> str:
        if not self.variable:
            return f"repeat {len(self.values)} {{ {text(self.body)} }}"
        return f"for {self.variable} in [{', '.join(map(str, self.values))}] {{ {text(self.body)} }}"

    def flow(self, shape: Shape, numbers: Numbers) -> Shape:
        for value in self.values:
            shape = flow(self.body, shape, {**numbers, self.variable: value})
        return shape


@dataclass(frozen=True)
class Choice(Stage):
    """By the number of channels that come in."""

    limit: int
    then: Body
    other: Body

    def text(self) -> str:
        rest = f" else {{ {text(self.other)} }}" if self.other else ""
        return f"{{ if in.channels > {self.limit} {{ {text(self.then)} }}{rest} }}"

    def flow(self, shape: Shape, numbers: Numbers) -> Shape:
        channels: Any = shape[0] if shape else 0
        return flow(self.then if channels > self.limit else self.other, shape, numbers)


@dataclass(frozen=True)
class Group(Stage):
    label: str
    body: Body

    def text(self) -> str:
        return f"{self.label}: {{ {text(self.body)} }}" if self.label else f"{{ {text(self.body)} }}"

    def flow(self, shape: Shape, numbers: Numbers) -> Shape:
        return flow(self.body, shape, numbers)
