"""How many nodes a network would have at least, counted before any is made."""

from __future__ import annotations

from typing import Any

from netdsl.source import Span
from netdsl.syntax import tree
from netdsl.syntax.elaborate.paths import inner
from netdsl.syntax.elaborate.scopes import MISSING, Declared, FileScope, constant
from netdsl.syntax.elaborate.values import Defined, Function, Namespace, Operator


class Counter:
    """Lower bounds by definition, each counted once, as integers of any size.

    Loops whose count is not a plain number of the text, and blocks that are parameters, count as nothing; of the arms
    of an `if` the smaller one counts. A definition inside itself counts as nothing there.
    """

    def __init__(self, longest: int) -> None:
        self.known: dict[int, int] = {}
        self.limit = longest
        self.longest: tuple[Span, int] | None = None  # a loop of more turns than any may have

    def largest(self, declared: Declared) -> tuple[Span, int]:
        """The stage of a net that makes the most nodes, and how many."""
        body, hidden = declared.node.body, frozenset(p.name.name for p in declared.node.parameters)
        stages = [
            stage
            for statement in (body.statements if isinstance(body, tree.Body) else ())
            if isinstance(pipeline := getattr(statement, "pipeline", statement), tree.Pipeline)
            for stage in pipeline.stages
        ]
        counts = [(self.count(stage.unit, declared.home, hidden), stage.unit.span) for stage in stages]
        count, span = max(counts, key=lambda found: found[0], default=(0, declared.node.name.span))
        return span, count

    def definition(self, declared: Declared) -> int:
        key = id(declared)
        if key not in self.known:
            self.known[key] = 0
            hidden = frozenset(p.name.name for p in declared.node.parameters)
            self.known[key] = self.count(declared.node.body, declared.home, hidden)
        return self.known[key]

    def count(self, node: Any, home: FileScope, hidden: frozenset[str]) -> int:
        """The least number of nodes that a piece of a definition makes; `hidden` are names bound in it."""
        match node:
            case tree.Body(statements=statements):
                total = 0
                for statement in statements:
                    if isinstance(statement, tree.Assign | tree.Let | tree.Shared):
                        names = statement.names if isinstance(statement, tree.Assign) else (statement.name,)
                        hidden |= {name.name for name in names}
                    total += self.count(statement, home, hidden)
                return total
            case tree.Pipeline(stages=stages):
                return sum(self.count(stage.unit, home, hidden) for stage in stages)
            case tree.Assign(pipeline=pipeline) | tree.Output(pipeline=pipeline) if pipeline is not None:
                return self.count(pipeline, home, hidden)
            case tree.Merge(body=body):
                return 1 + self.count(body, home, hidden)
            case tree.Repeat(count=count, body=body):
                return self._turns(count, home, hidden) * self.count(body, home, hidden)
            case (
                tree.For(names=names, iterable=iterable, body=body)
                | tree.Each(names=names, iterable=iterable, body=body)
            ):
                hidden |= {name.name for name in names}
                return self._length(iterable, home, hidden) * self.count(body, home, hidden)
            case tree.If(then=then, otherwise=otherwise):
                if otherwise is None:
                    return 0
                return min(self.count(then, home, hidden), self.count(otherwise, home, hidden))
            case tree.Name() | tree.Attribute() | tree.Call():
                return self._called(node, home, hidden)
            case tree.Applied(pipeline=pipeline):
                return self.count(pipeline, home, hidden)
            case tree.Binary() | tree.Unary():
                return sum(self.count(part, home, hidden) for part in inner(node) if isinstance(part, tree.Applied))
        return 0

    def _called(self, node: Any, home: FileScope, hidden: frozenset[str]) -> int:
        callee = node.callee if isinstance(node, tree.Call) else node
        value: Any = MISSING
        if isinstance(callee, tree.Name) and callee.name not in hidden:
            value = home.find(callee.name)
        elif isinstance(callee, tree.Attribute) and isinstance(callee.value, tree.Name):
            space = home.find(callee.value.name) if callee.value.name not in hidden else MISSING
            value = space.file.names.get(callee.name.name, MISSING) if isinstance(space, Namespace) else MISSING
        if isinstance(value, Defined):
            return self.definition(value.declared)
        if isinstance(value, Operator) and value.name == "identity":
            return 0  # alone it is `in`, and makes no node
        return 1 if isinstance(value, Operator) or (isinstance(value, Function) and value.operator is not None) else 0

    def _turns(self, count: tree.Expr, home: FileScope, hidden: frozenset[str]) -> int:
        value = self._constant(count, home, hidden)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            return 0
        if value > self.limit and self.longest is None:
            self.longest = count.span, value
        return value

    def _length(self, iterable: tree.Expr, home: FileScope, hidden: frozenset[str]) -> int:
        match iterable:
            case tree.List(items=items):
                return len(items)
            case tree.Call(callee=tree.Name(name="range"), arguments=(argument,)) if "range" not in hidden:
                return self._turns(argument.value, home, hidden) if not isinstance(argument.value, tree.Pipeline) else 0
        value = self._constant(iterable, home, hidden)
        return len(value) if isinstance(value, tuple) else 0

    def _constant(self, expr: tree.Expr, home: FileScope, hidden: frozenset[str]) -> Any:
        if isinstance(expr, tree.Name) and expr.name not in hidden:
            value = home.find(expr.name)
            return constant(value.value) if isinstance(value, tree.Let) else value
        return constant(expr)
