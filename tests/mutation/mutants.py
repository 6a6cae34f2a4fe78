"""Mutants: a file with one fault in one of its functions.

A mutant is known by its file, its function, the line that changes and how it changes, never by a line number. Which
are drawn is a matter of that key and a seed alone, so that a change elsewhere draws no others.
"""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from types import CodeType
from typing import NamedTuple

from tests.mutation.operators import Fault, conditions, decided, faults

ROOT = Path(__file__).parents[2]


class Key(NamedTuple):
    """What a mutant is known by, and what a reader needs in order to make it by hand."""

    file: str
    function: str
    line: str
    change: str

    def __str__(self) -> str:
        return f"{self.file}: {self.function}\n    {self.line}\n    {self.change}"


class Function(NamedTuple):
    """What tells the functions of one file apart: the name with those around it, and the first line."""

    name: str
    line: int


@dataclass(frozen=True, eq=False)
class File:
    """A file of the compiler and its tree, from which each of its mutants is compiled."""

    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def functions(self, tree: ast.Module | None = None) -> dict[Function, CodeType]:
        """The code of all functions, the inner ones too, as the tree now is, or another."""
        return dict(_functions_of(compile(tree or self.tree, str(self.path), "exec", dont_inherit=True)))

    def mutants(self) -> Iterator[Mutant]:
        """All mutants, in the order of the text."""
        again: Counter[Key] = Counter()
        lines = self.text.splitlines()
        name = self.path.relative_to(ROOT).as_posix()
        for function, definition in _definitions(self.tree):
            for place in _places(definition, definition.lineno):
                line = lines[getattr(place.node, "lineno", place.line) - 1].strip()
                for fault in _faults(place):
                    key = Key(name, function, line, f"`{fault.before}` -> `{fault.after}`")
                    again[key] += 1
                    if again[key] > 1:
                        key = key._replace(change=f"{key.change}, time {again[key]}")
                    yield Mutant(self, key, place, fault)


def _functions_of(code: CodeType) -> Iterator[tuple[Function, CodeType]]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield Function(inner.co_qualname, inner.co_firstlineno), inner
            yield from _functions_of(inner)


class Place(NamedTuple):
    """A node where it hangs: in a field of its parent, at `at` where that is a list.

    `line` is the first of the statement that it belongs to.
    """

    parent: ast.AST
    field: str
    at: int | None
    node: ast.AST
    line: int

    def put(self, node: ast.AST) -> None:
        if self.at is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.at] = node


@dataclass(frozen=True, eq=False)
class Mutant:
    file: File
    key: Key
    place: Place
    fault: Fault

    def functions(self) -> dict[Function, CodeType]:
        """The code of the file's functions, one of them with the fault."""
        new = self.fault.new
        if isinstance(new, ast.expr | ast.stmt):
            new = ast.copy_location(new, self.place.node)
        self.place.put(ast.fix_missing_locations(new))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)
                return self.file.functions()
        finally:
            self.place.put(self.place.node)

    def fits(self) -> bool:
        """Whether its code can take the place of what lives: a function must read the same variables around it."""
        mine, right = self.functions(), self.file.functions()
        return all(code.co_freevars == right[function].co_freevars for function, code in mine.items())


def draw(mutants: Iterable[Mutant], number: int | None, seed: int) -> list[Mutant]:
    """`number` of those that fit, or all. Fewer are a part of more, and a changed line draws others in itself alone."""

    def lot(mutant: Mutant) -> bytes:
        return hashlib.sha256(f"{seed} {mutant.key}".encode()).digest()

    return list(islice((mutant for mutant in sorted(mutants, key=lot) if mutant.fits()), number))


# ------------------------------------------------------------------------------------------------ walking the tree

# A default and a decorator are evaluated once, when the file is imported; a type is for the reader.
ASIDE = ("decorator_list", "args", "returns", "annotation", "pattern")


def _definitions(node: ast.Module | ast.ClassDef, scope: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    for inner in node.body:
        if isinstance(inner, ast.ClassDef):
            yield from _definitions(inner, f"{scope}{inner.name}.")
        elif isinstance(inner, ast.FunctionDef):
            yield f"{scope}{inner.name}", inner


def _places(parent: ast.AST, line: int) -> Iterator[Place]:
    for field, value in ast.iter_fields(parent):
        if field in ASIDE and isinstance(parent, ast.FunctionDef | ast.Lambda | ast.AnnAssign | ast.match_case):
            continue
        inner = value if isinstance(value, list) else [value]
        for i, node in enumerate(inner):
            if not isinstance(node, ast.AST) or _not_judged(node):
                continue
            first = node.lineno if isinstance(node, ast.stmt) else line
            yield Place(parent, field, i if isinstance(value, list) else None, node, first)
            yield from _places(node, first)


def _not_judged(node: ast.AST) -> bool:
    """What no test can reach if we are right: an `assert`, and what our own bugs would be told in."""
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        return ast.unparse(node.exc.func) in ("InternalError", "AssertionError", "NotImplementedError")
    return isinstance(node, ast.Assert)


def _faults(place: Place) -> Iterator[Fault]:
    yield from faults(place.node)
    for condition in conditions(place.parent):
        if condition is place.node:
            yield from decided(place.parent, condition)
