"""Which tests reach which statements, and how long each computes.

A statement tells that it is reached by a probe before it, a call that goes into the code of its function as the fault
of a mutant does. That costs nothing elsewhere, where a trace function would slow down all that torch does.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import CodeType
from typing import TypeAlias

from tests.mutation.mutants import File, Function, Mutant

Statement: TypeAlias = tuple[str, int]
"""A file and the first line of a statement in it."""

PROBE = "__reached__"


@dataclass
class Reach:
    """`seconds` of processor time of each test that passes, and the tests that reach each statement."""

    seconds: dict[int, float] = field(default_factory=dict)
    statements: dict[Statement, set[int]] = field(default_factory=lambda: defaultdict(set))

    def note(self, test: int, seconds: float, statements: Iterable[Statement]) -> None:
        self.seconds[test] = seconds
        for statement in statements:
            self.statements[statement].add(test)

    def join(self, other: Reach) -> None:
        self.seconds |= other.seconds
        for statement, tests in other.statements.items():
            self.statements[statement] |= tests

    def tests(self, mutant: Mutant) -> set[int]:
        """Those that reach the statement at fault."""
        return self.statements.get((str(mutant.file.path), mutant.place.line), set())


def probed(file: File, mutants: Iterable[Mutant]) -> dict[Function, CodeType]:
    """The code of the file's functions, with a probe before each statement that is at fault in one of `mutants`.

    A probe calls what its module holds as PROBE with the Statement.
    """
    lines = {mutant.place.line for mutant in mutants if mutant.file is file}
    tree = _Probes(str(file.path), lines).visit(ast.parse(file.text))
    return file.functions(ast.fix_missing_locations(tree))


class _Probes(ast.NodeTransformer):
    def __init__(self, path: str, lines: set[int]) -> None:
        self.path = path
        self.lines = lines
        self.line = 0  # of the statement that is visited

    def generic_visit(self, node: ast.AST) -> ast.AST:
        outer = self.line
        if isinstance(node, ast.stmt):
            self.line = node.lineno
        super().generic_visit(node)
        for name in ("body", "orelse", "finalbody"):
            statements = getattr(node, name, None)
            if isinstance(statements, list) and not isinstance(node, ast.Module | ast.ClassDef):
                setattr(node, name, [told for statement in statements for told in self._told(statement)])
        self.line = outer
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """It may be called long after its statement."""
        self.generic_visit(node)
        if self.line in self.lines:
            node.body = ast.copy_location(ast.BoolOp(ast.Or(), [self._probe(self.line), node.body]), node.body)
        return node

    def _told(self, statement: ast.stmt) -> list[ast.stmt]:
        if statement.lineno not in self.lines:
            return [statement]
        return [ast.copy_location(ast.Expr(self._probe(statement.lineno)), statement), statement]

    def _probe(self, line: int) -> ast.expr:
        """A call that yields None."""
        return ast.parse(f"{PROBE}(({self.path!r}, {line}))", mode="eval").body
