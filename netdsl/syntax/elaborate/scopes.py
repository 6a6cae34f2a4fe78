"""Names: what each one means where it stands."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from netdsl.expression import FUNCTIONS
from netdsl.ops.initialiser import INITIALISERS
from netdsl.ops.op import OPS
from netdsl.scope import Definition, Parameter
from netdsl.source import Source, Span
from netdsl.syntax import tree
from netdsl.syntax.elaborate.paths import Plan, plan_of
from netdsl.syntax.elaborate.values import CutMaker, Defined, Function, InitialiserName, Operator

MISSING = object()


class Scope:
    """Names inside one pair of braces; `parent` is what surrounds them."""

    __slots__ = ("names", "parent")

    def __init__(self, parent: Scope | FileScope, names: dict[str, Any] | None = None) -> None:
        self.parent = parent
        self.names: dict[str, Any] = {} if names is None else names

    def find(self, name: str) -> Any:
        """The value of `name`, or MISSING."""
        scope: Scope | FileScope = self
        while type(scope) is Scope:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return scope.find(name)

    def local(self, name: str) -> Any:
        """The value of `name` where it is bound inside a definition, or MISSING where it is the file's or built in."""
        scope: Scope | FileScope = self
        while type(scope) is Scope:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return MISSING

    def known(self) -> Iterator[str]:
        """All names that mean something here."""
        scope: Scope | FileScope = self
        while type(scope) is Scope:
            yield from scope.names
            scope = scope.parent
        yield from scope.known()


class Declared:
    """A block or net of a file, and what can be said of it before it is used."""

    def __init__(self, node: tree.Definition, home: FileScope) -> None:
        self.node, self.home = node, home
        self.name = node.name.name
        self.site = node.span

    @cached_property
    def alias(self) -> tree.Expr | None:
        """The call that this definition is another name for."""
        body = self.node.body
        if isinstance(body, tree.Body) or len(body.stages) != 1:
            return None
        stage = body.stages[0]
        if stage.label is not None or stage.check is not None:
            return None
        return stage.unit if isinstance(stage.unit, tree.Name | tree.Attribute | tree.Call) else None

    @cached_property
    def plan(self) -> Plan:
        """How its stages are named."""
        return plan_of(self.node.body, net=self.node.kind == "net")

    @cached_property
    def definition(self) -> Definition:
        """The definition as the trace knows it."""
        node = self.node
        parameters = tuple(
            Parameter(p.name.name, p.name.span, constant(p.default), constant(p.default) is not None)
            for p in node.parameters
        )
        return Definition(node.kind, self.name, parameters, node.doc, node.span, head_of(node))


def head_of(node: tree.Definition) -> str:
    """A definition's head as the text has it, its space evened: `bottleneck(width, stride = 1)`."""
    if not node.parameters:
        return node.name.name
    return f"{node.name.name}({', '.join(' '.join(p.span.text.split()) for p in node.parameters)})"


def constant(value: tree.Value | None) -> Any:
    """What a default is worth where that needs no elaboration: a number, a text, a list of these; else None."""
    match value:
        case tree.Number() | tree.Boolean():
            return value.value
        case tree.Size():
            return value.values
        case tree.Text(parts=parts) if all(isinstance(p, str) for p in parts):
            return "".join(parts)  # type: ignore[arg-type]
        case tree.Unary(operator="-", operand=tree.Number(value=number)):
            return -number
        case tree.List(items=items):
            parts = tuple(constant(x) for x in items)
            return None if None in parts else parts
        case tree.Binary(operator=operator, left=left, right=right) if operator in "+-*//":
            a, b = constant(left), constant(right)
            if isinstance(a, int | float) and isinstance(b, int | float) and b:
                return {"+": a + b, "-": a - b, "*": a * b, "/": a / b, "//": a // b}[operator]
    return None


class FileScope:
    """The names of one file: definitions, lets, what it imports, and behind them the operators and functions."""

    def __init__(self, file: tree.File) -> None:
        self.file = file
        self.names: dict[str, Any] = {}
        self.places: dict[str, Span] = {}
        self.unfinished: list[str] = []  # lets that are being evaluated, each for the one before it

    @property
    def source(self) -> Source:
        return self.file.source

    def find(self, name: str) -> Any:
        """The value of `name`, or MISSING."""
        value = self.names.get(name, MISSING)
        return value if value is not MISSING else built_in(name)

    def known(self) -> Iterator[str]:
        yield from self.names
        yield from built_ins()


_BUILT_IN: dict[str, Any] = {
    "none": None,
    "true": True,
    "false": False,
    "upto": CutMaker("upto"),
    "from": CutMaker("from"),
}


def built_in(name: str) -> Any:
    """The operator, function or initialiser of this name, or MISSING."""
    found = _BUILT_IN.get(name, MISSING)
    if found is not MISSING:
        return found
    operator = Operator(OPS[name], None, name) if name in OPS else None
    if name in FUNCTIONS:
        value: Any = Function(name, operator)
    elif operator is not None:
        value = operator
    elif name in INITIALISERS:
        value = InitialiserName(INITIALISERS[name])
    else:
        return MISSING
    if "." not in name:
        _BUILT_IN[name] = value
    return value


def built_ins() -> Iterator[str]:
    """All built-in names; those of plugins with their prefix."""
    yield from OPS
    yield from FUNCTIONS
    yield from INITIALISERS
    yield from ("upto", "from", "none")


def close(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was perhaps meant to be."""
    found = difflib.get_close_matches(name, sorted({k for k in known if not k.startswith("_")}), 1, 0.6)
    return found[0] if found else None


def definitions(file: tree.File) -> Iterator[tree.Definition]:
    return (item for item in file.items if isinstance(item, tree.Definition))


def defined(declared: Declared) -> Defined:
    return Defined(declared, None, declared.name)
