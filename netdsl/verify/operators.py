"""Each node by itself: role, operands, shapes, name, place in the text."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

from netdsl.graph import Graph
from netdsl.ops.op import LARGEST_EXTENT, LARGEST_SIZE, Classes, Loss, Op, OpError, Shape, show_shape
from netdsl.source import Span
from netdsl.step import Step, untraced


def roles_are_kept(graph: Graph) -> Iterator[str]:
    """Inputs and targets are bare values; everything else applies an operator."""
    for node in graph.nodes:
        if node.role == "operator":
            if node.op is None:
                yield f"operator `{node.name}` has none"
        elif node.role not in ("input", "target"):
            yield f"`{node.name}` is a {node.role!r}"
        elif node.op is not None or node.operands or node.owner or len(node.shapes) != 1:
            yield f"{node.role} `{node.name}` has an operator, operands, an owner or several shapes"


def arity_is_right(graph: Graph) -> Iterator[str]:
    """A node has as many operands as its operator takes."""
    for node in graph.nodes:
        if node.op is not None:
            least, most = node.op.inputs
            count = len(node.operands)
            if count < least or (most is not None and count > most):
                yield f"`{node.name}` ({node.op.name}) has {count} operands"


def shapes_are_inferred(graph: Graph) -> Iterator[str]:
    """The stored shapes are what the operator's rule gives for the stored shapes of the operands."""
    known: dict[Any, tuple[Shape, ...] | OpError] = {}  # equal operators give equal shapes for equal shapes
    for node in graph.nodes:
        if node.op is not None:
            shapes = graph.operand_shapes(node)
            key = None
            if not isinstance(node.op, Step):  # of which no two are equal
                key = (type(node.op), *vars(node.op).values(), *shapes, *map(kind, shapes))
            inferred = known.get(key)
            if inferred is None:
                inferred = _inferred(node.op, shapes)
                if key is not None:
                    known[key] = inferred
            if isinstance(inferred, OpError):
                yield f"`{node.name}` cannot be: {inferred.message}"
            elif not same(inferred, node.shapes):
                yield f"`{node.name}` is {show_shape(list(node.shapes))}, its rule gives {show_shape(list(inferred))}"


def _inferred(op: Op, shapes: tuple[Shape, ...]) -> tuple[Shape, ...] | OpError:
    """What the rule gives; the arithmetic of plain numbers is quicker than that of traced ones."""
    try:
        result = untraced(op).infer(*map(untraced, shapes))
    except OpError as error:
        return error
    return tuple(result) if isinstance(result, list) else (result,)


def same(left: tuple[Shape, ...], right: tuple[Shape, ...]) -> bool:
    return left == right and all(kind(a) is kind(b) for a, b in zip(left, right, strict=True))


def kind(shape: Shape) -> type:
    """What the elements are: class indices, a loss over the batch, or numbers."""
    return Classes if isinstance(shape, Classes) else Loss if isinstance(shape, Loss) else tuple


def extents_are_within_limits(graph: Graph) -> Iterator[str]:
    """A known extent is from 1 to 2^20, and a tensor has fewer than 2^31 elements per sample."""
    for node in graph.nodes:
        for shape in node.shapes:
            known = [e for e in shape if isinstance(e, int)]
            if any(not 1 <= e <= LARGEST_EXTENT for e in known) or math.prod(map(int, known)) > LARGEST_SIZE:
                yield f"`{node.name}` is {show_shape(shape)}"


def names_are_unique(graph: Graph) -> Iterator[str]:
    """Every node has a name of its own."""
    for name, count in Counter(node.name for node in graph.nodes).items():
        if count > 1 or not name:
            yield f"{count} nodes are called `{name}`"


def spans_are_inside(graph: Graph) -> Iterator[str]:
    """Every place that a node or output points to lies inside its source."""
    for node in graph.nodes:
        for span in (node.spans.whole, *node.spans.attributes.values(), *node.spans.inputs):
            if not inside(span):
                yield f"`{node.name}` points to {span.start}..{span.end} of {span.source.name}"
    for output in graph.outputs:
        if not inside(output.span):
            yield f"output `{output.name}` points to {output.span.start}..{output.span.end}"


def inside(span: Span) -> bool:
    return 0 <= span.start <= span.end <= len(span.source.text)
