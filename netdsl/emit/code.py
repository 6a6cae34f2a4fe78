"""The code of operators inside `forward`: calls and templates with their operands marked."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from netdsl.emit import python
from netdsl.emit.frame import Frame
from netdsl.emit.settle import Unsettled
from netdsl.emit.statements import ATOM, Block, Evaluate, mark
from netdsl.emit.template import Environment
from netdsl.expression import Expr, Literal, Operation, Variable, atoms, substitute
from netdsl.ops.op import ALL, Call, Helper, Operand, Template

Ids: TypeAlias = "int | tuple[Ids, ...]"


class Coder:
    """`children` are the names of the modules; `hopeless` says what to try where no code suits all instances."""

    def __init__(self, frame: Frame, children: set[str], hopeless: Callable[[], Exception]) -> None:
        self.frame, self.children, self.hopeless = frame, children, hopeless

    def code(self, codes: Sequence[Any], environments: Sequence[Environment], operands: list[Ids]) -> tuple[str, int]:
        first = codes[0]
        if isinstance(first, Template):
            if any(not isinstance(c, Template) or c.text != first.text for c in codes):
                raise self.hopeless()
            fields = {n: self._piece([c.values[n] for c in codes], environments, n, operands) for n in first.values}
            spread = ", ".join(mark(v) for v in operands if isinstance(v, int))
            text = first.text.replace("{*}", spread)
            level, least = binding(first)
            marks = [written(v, least[i]) for i, v in enumerate(operands)]
            return text.format(*marks, **fields), level
        if any(not isinstance(c, Call) for c in codes):
            raise self.hopeless()
        return self._call(codes, environments, operands), ATOM

    def _call(self, calls: Sequence[Call], environments: Sequence[Environment], operands: list[Ids]) -> str:
        target = self.frame.target(calls[0].target)
        try:
            items = self.frame.arguments(
                calls, environments, lambda values, hint: self._piece(values, environments, hint, operands)
            )
        except Unsettled:
            raise self.hopeless() from None
        if target.startswith("."):
            receiver = calls[0].arguments[0]
            if isinstance(receiver, Operand):
                items[0] = written(operands[receiver.index], ATOM)
            return f"{items[0]}{target}({', '.join(items[1:])})"
        return f"{target}({', '.join(items)})"

    def _piece(self, values: Sequence[Any], environments: Sequence[Environment], hint: str, operands: list[Ids]) -> str:
        first = values[0]
        if isinstance(first, Operand):
            if first.index == ALL:
                return python.tuple_text([written(v) for v in operands])
            return written(operands[first.index])
        if isinstance(first, Call | Template):
            return self.code(values, environments, operands)[0]
        if isinstance(first, Helper):
            return self.frame.target(first)
        if isinstance(first, tuple) and any(isinstance(x, Operand | Call | Template) for x in first):
            inner = [self._piece([v[i] for v in values], environments, hint, operands) for i in range(len(first))]
            return python.tuple_text(inner)
        try:
            settled = self.frame.settle(values, environments, hint)
        except Unsettled:
            raise self.hopeless() from None
        return self.stored(settled, hint)

    def stored(self, expr: Expr, hint: str) -> str:
        """A constructor expression as `forward` can read it."""
        if type(expr) is Literal:
            return python.literal(expr.value)
        read = atoms(expr)
        if read & self.frame.looped:
            raise self.hopeless()
        if read & self.frame.inner.keys():
            outside = self.frame.ready(substitute(expr, self.frame.inner))
            if outside is None:
                raise self.hopeless()
            return self.stored(outside, hint)
        if type(expr) is Operation and len(read) == 1 and isinstance(next(iter(read)), Variable):
            inner = self.stored(next(iter(read)), hint)
            return python.expression(expr, lambda atom: inner)
        text = self.frame.show(expr)
        wanted = hint if type(expr) is Operation else text
        name = python.identifier(wanted)
        while name in self.children or self.frame.stored.get(name, text) != text:
            name = f"{name}_"
        self.frame.stored[name] = text
        return f"self.{name}"


def binding(template: Template) -> tuple[int, Mapping[int, int]]:
    """How tightly a template's text binds, and how tightly its operands must; names where it cannot be seen."""
    if template.atom:
        return ATOM, defaultdict(lambda: ATOM)
    if re.fullmatch(r"\{0\} \*\* \{\w+\}", template.text):
        return 8, {0: ATOM, 1: 8}
    terms = re.split(r" ([-+*/]) ", template.text)
    signs = set(terms[1::2])
    plain = all(re.fullmatch(r"\{\w+\}", term) for term in terms[::2])
    if not plain or not (signs <= {"+", "-"} or signs <= {"*", "/"}):
        return 0, defaultdict(lambda: ATOM)
    level = 5 if signs <= {"+", "-"} else 6
    places = {int(term[1:-1]): i for i, term in enumerate(terms[::2]) if term[1:-1].isdigit()}
    return level, {operand: level + (place > 0) for operand, place in places.items()}


def written(ids: Ids, least: int = 0) -> str:
    return mark(ids, least) if isinstance(ids, int) else python.tuple_text([written(i) for i in ids])


def taken_apart(ids: tuple[Ids, ...], new: Callable[[], int]) -> tuple[list[int], Block]:
    """What one statement unpacks a list into, and those that unpack the lists within it."""
    results: list[int] = []
    more: Block = []
    for part in ids:
        if isinstance(part, int):
            results.append(part)
        else:
            results.append(new())
            inner, further = taken_apart(part, new)
            more += [Evaluate(inner, mark(results[-1]), listed=True), *further]
    return results, more
