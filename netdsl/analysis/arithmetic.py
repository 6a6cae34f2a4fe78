"""The arithmetic behind a node's figures: `⌊(224+2·3-7)/2⌋+1 = 112`, `7·7·3·64 + 64 = 9,472 weights`.

The shape rule itself is run on numbers that remember where they came from, so what is shown is what was computed;
no operator is known here.
"""

from __future__ import annotations

import dataclasses
from itertools import count
from typing import Any

from netdsl.analysis.cost import macs
from netdsl.analysis.count import Count
from netdsl.expression import Expr, Flag, Literal, Number, Operation, Variable, evaluate, provenance
from netdsl.graph import Graph, Node
from netdsl.ops.op import Op, OpError, Shape
from netdsl.ops.window import sides
from netdsl.source import Source, Span

_NOWHERE = Source("", "")


def arithmetic(graph: Graph, node: Node) -> list[str]:
    """The lines for one node: its extents, its weights, its multiply-accumulates; none where nothing is computed."""
    if node.op is None:
        return []
    shapes = graph.operand_shapes(node)
    lines = []
    if extents := _extents(node.op, shapes):
        lines.append(", ".join(extents))
    if unread := _unread(node.op, shapes, node.shape):
        lines.append(unread)
    weights = node.op.weights(*shapes)
    if weights:
        text = " + ".join(_product(_kernel_first(shape)) for shape in weights.values())
        total = f"{node.op.scalars(*shapes):,}"
        lines.append(f"{text} weights" if text == total else f"{text} = {total} weights")
    if line := _macs(graph, node, shapes):
        lines.append(line)
    return lines


def _extents(op: Op, shapes: tuple[Shape, ...]) -> list[str]:
    """For each extent that is computed, its formula and value; axes that are computed alike are told once."""
    numbered = count()

    def traced(value: Any) -> Any:
        if isinstance(value, bool | Flag):
            return value
        if isinstance(value, int):
            place = next(numbered)
            return Number(int(value), Variable(str(int(value)), Span(_NOWHERE, place, place)))
        if isinstance(value, tuple):
            return (
                type(value)(traced(part) for part in value) if type(value) is not tuple else tuple(map(traced, value))
            )
        return value

    try:
        told = _with_padding(op, shapes)
        told = dataclasses.replace(told, **{f.name: traced(getattr(told, f.name)) for f in dataclasses.fields(told)})
        result = told.infer(*(traced(shape) for shape in shapes))
    except (OpError, TypeError, ValueError):
        return []  # a rule that wants plain numbers keeps its arithmetic to itself
    found = []
    for shape in result if isinstance(result, list) else [result]:
        for extent in shape:
            if isinstance(extent, int) and type(expr := provenance(extent)) is Operation:
                text = _sum_text(expr)
                if text != str(int(extent)):
                    found.append(f"{text} = {int(extent)}")
    return list(dict.fromkeys(found))


AXES = ("planes", "rows", "columns")


def _unread(op: Op, shapes: tuple[Shape, ...], out: Shape) -> str:
    """What is left over behind the last window where the windows touch, and no window reads: `the last row and column
    are discarded`."""
    rank = len(shapes[0]) - 1 if len(shapes) == 1 else 0
    field = op.receptive_field(rank) if rank in (1, 2, 3) else None
    pad = getattr(_with_padding(op, shapes), "pad", None)
    if field is None or pad is None:
        return ""
    left = {}
    for axis, extent, number, window, stride, side in zip(
        AXES[-rank:], shapes[0][1:], out[1:], *field, sides(pad, rank), strict=True
    ):
        before = side[0] if isinstance(side, tuple) else side
        if isinstance(extent, int) and isinstance(number, int) and 1 < stride <= window:
            rest = extent + before - (number - 1) * stride - window
            if rest > 0:
                left[axis] = int(rest)
    if not left:
        return ""
    told = " and ".join(f"{n} {axis}" if n > 1 else axis.removesuffix("s") for axis, n in left.items())
    return f"the last {told} {'is' if list(left.values()) == [1] else 'are'} discarded"


def _with_padding(op: Op, shapes: tuple[Shape, ...]) -> Op:
    """A padding left to the operator is told as what its module gets."""
    if getattr(op, "pad", 0) is None:
        call = op.module(*shapes)
        if call is not None and "padding" in call.keywords:
            return dataclasses.replace(op, pad=call.keywords["padding"])  # type: ignore[call-arg]
    return op


def _macs(graph: Graph, node: Node, shapes: tuple[Shape, ...]) -> str:
    assert node.op is not None
    total = macs(graph, node)
    if not total or total.number is None:
        return f"{total} MACs" if total else ""
    weight = next(iter(node.op.weights(*shapes).values()), ())
    for shape in (node.shape, *shapes):
        places = tuple(shape[1:])
        if weight and Count.product((*weight, *places)).number == total.number:
            return f"{_product((*_kernel_first(weight), *places))} = {total} MACs"
    return f"{total} MACs"


def _kernel_first(shape: Shape) -> Shape:
    """The order of papers: window, input channels, output channels."""
    return (*shape[2:], *reversed(shape[:2]))


def _product(shape: Shape) -> str:
    return "·".join(str(extent) for extent in shape) or "1"


# ------------------------------------------------------------------------------------- expressions as papers print


def _value(expr: Expr) -> Any:
    class Environment(dict[Any, Any]):
        def __missing__(self, atom: Variable) -> int:
            return int(atom.name)

    return evaluate(expr, Environment())


def _terms(expr: Expr, sign: int) -> tuple[list[tuple[int, Expr]], int]:
    """The terms of a sum, and the constant that its literals come to. What is zero or one is left out."""
    expr = _plain(expr)
    if type(expr) is Literal and isinstance(expr.value, int):
        return [], sign * expr.value
    if _value(expr) == 0:
        return [], 0
    if type(expr) is Operation and expr.operator in ("+", "-"):
        left, right = expr.operands
        first, a = _terms(left, sign)
        second, b = _terms(right, sign if expr.operator == "+" else -sign)
        return first + second, a + b
    return [(sign, expr)], 0


def _plain(expr: Expr) -> Expr:
    """`expr` without factors and divisors that are 1."""
    if type(expr) is Operation and expr.operator in ("*", "//"):
        left, right = (_plain(x) for x in expr.operands)
        if expr.operator == "*" and _value(left) == 1 and type(left) is not Operation:
            return right
        if _value(right) == 1 and type(right) is Variable and type(left) is not Literal:
            return left
        return Operation(expr.operator, (left, right))
    return expr


def _sum_text(expr: Expr) -> str:
    terms, constant = _terms(expr, 1)
    terms.sort(key=lambda term: term[0] < 0)  # what is added first; the order is kept otherwise
    text = ""
    for sign, term in terms:
        text += ("-" if sign < 0 else "+" if text else "") + _term_text(term)
    if constant or not text:
        text += ("-" if constant < 0 else "+" if text else "") + str(abs(constant))
    return text.replace("-", "−")


def _term_text(expr: Expr) -> str:
    if type(expr) is Literal:
        return str(expr.value)
    if type(expr) is Operation:
        if expr.operator == "*":
            return "·".join(_factor_text(x) for x in expr.operands)
        if expr.operator == "//":
            return f"⌊{_factor_text(expr.operands[0])}/{_factor_text(expr.operands[1])}⌋"
        if expr.operator == "%":
            return f"{_factor_text(expr.operands[0])} mod {_factor_text(expr.operands[1])}"
        return str(_value(expr))
    return getattr(expr, "name", str(expr))


def _factor_text(expr: Expr) -> str:
    text = _sum_text(expr)
    return f"({text})" if any(c in text for c in "+−") and not text.startswith("⌊") else text
