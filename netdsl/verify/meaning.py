"""A fused graph computes what the network computes: its outputs are the same terms.

A term is an operator applied to terms, with the module that holds its weights. Both graphs are brought to one form:
what yields its operand at inference is left out, and an activation that never falls stands before a max pool.
Terms are numbered as they are met, equal ones alike, so that comparing them is comparing two numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from netdsl.form import never_falls
from netdsl.graph import Graph, leaves
from netdsl.ops.op import Op
from netdsl.ops.pool import GlobalMaxPool, MaxPool
from netdsl.scope import Value
from netdsl.step import Outer, Step, parts
from netdsl.view import nothing


def outputs_mean_what_they_did(graph: Graph) -> Iterator[str]:
    """Every output is, operator by operator, what it is in the network; only aux outputs may be missing."""
    assert graph.plan is not None
    terms, before = _terms_of(graph.plan.origin)
    now = terms.of(graph)
    there = {output.name: output for output in graph.outputs}
    for was in graph.plan.origin.outputs:
        output = there.pop(was.name, None)
        if output is None:
            if not was.aux:
                yield f"`{was.name}` is missing"
        elif output.aux != was.aux or [before[v] for v in leaves(was.value)] != [now[v] for v in leaves(output.value)]:
            yield f"`{was.name}` is something else"
    yield from (f"`{name}` is no output of the network" for name in there)


def _terms_of(origin: Graph) -> tuple[Terms, dict[Value, int]]:
    """Those of the network, found once, which all graphs made of it are compared with."""
    known = _KNOWN.get(origin)
    if known is None:
        terms = Terms()
        known = _KNOWN[origin] = terms, terms.of(origin)
    return known


class Terms:
    """Numbers of terms. A term is (operator, owner, the numbers of its operands), or the name of an input."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}
        self.terms: list[Any] = []
        self.ops: dict[int, tuple[Op, int]] = {}  # by identity, with the operator so that it lives: a number for each

    def of(self, graph: Graph) -> dict[Value, int]:
        """The term of every value of a graph."""
        found: dict[Value, int] = {}
        for node in graph.nodes:
            if node.op is None:
                found[Value(node.number)] = self.number(node.name)
                continue
            inside: list[int] = []
            given = [found[value] for value in node.operands]
            for part in parts(node):
                operands = [given[s.slot] if isinstance(s, Outer) else inside[s.part] for s in part.operands]
                if nothing(part.op, graph.operand_shapes(node)):
                    inside.append(operands[0])
                else:
                    inside.append(self.apply(part.op, part.owner, tuple(operands)))
            if isinstance(node.op, Step):
                found.update({Value(node.number, i): inside[result] for i, result in enumerate(node.op.results)})
            else:
                several = len(node.shapes) > 1
                for i in range(len(node.shapes)):
                    found[Value(node.number, i)] = self.number((inside[0], i)) if several else inside[0]
        return found

    def apply(self, op: Op, owner: str, operands: tuple[int, ...]) -> int:
        if isinstance(op, MaxPool | GlobalMaxPool):
            inner = self.terms[operands[0]]
            if isinstance(inner, tuple) and len(inner) == 4 and never_falls(inner[3]):
                pooled = self.apply(op, owner, inner[2])
                return self.number((inner[0], "", (pooled,), inner[3]))
        return self.number((self.operator(op), owner, operands, op if never_falls(op) else None))

    def operator(self, op: Op) -> int:
        """The number of an operator, equal ones alike."""
        known = self.ops.get(id(op))
        if known is None:
            known = self.ops[id(op)] = (op, self.number(op))
        return known[1]

    def number(self, term: Any) -> int:
        found = self.numbers.get(term)
        if found is None:
            found = self.numbers[term] = len(self.terms)
            self.terms.append(term)
        return found


_KNOWN: WeakKeyDictionary[Graph, tuple[Terms, dict[Value, int]]] = WeakKeyDictionary()
