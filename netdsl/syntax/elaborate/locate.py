"""A broken rule of an operator, put in its place: which text is at fault, and where the shapes came from."""

from __future__ import annotations

from typing import Any

from netdsl.diagnostics import Diagnostic, Label
from netdsl.extent import same
from netdsl.graph import Node
from netdsl.ops.op import OpError, show_shape
from netdsl.scope import Tensor
from netdsl.source import Span, Spans
from netdsl.syntax.elaborate import mend

DISAGREE = ("N407", "N408")  # two inputs that do not go together
TOO_SMALL = ("N404", "N411")  # nothing is left of the input


def locate(error: OpError, spans: Spans, nodes: list[Node] | None = None, operands: Any = ()) -> Diagnostic:
    """The diagnostic for `error`, which came from the call at `spans`; `operands` are what it was applied to."""
    attribute = spans.attributes.get(error.attribute or "")
    if nodes is None or not operands or not all(type(x) is Tensor for x in operands):
        return _plainly(error, attribute or spans.whole)
    if error.code in DISAGREE and error.input:
        return _disagreement(error, spans, nodes, operands)
    if error.code in TOO_SMALL:
        return _too_small(error, attribute or spans.whole, nodes, operands[0])
    index = error.input or 0
    others = []
    if index < len(operands) and (error.input is not None or attribute is not None):
        others.append(Label(_maker(nodes, operands[index]), _gives(nodes, operands[index])))
    inside = index < len(spans.inputs) and _within(spans.inputs[index], spans.whole)
    span = attribute or (spans.inputs[index] if error.input is not None and inside else spans.whole)
    kept = tuple(label for label in others if label.span != span)
    return Diagnostic(error.code, error.message, span, others=kept, notes=error.notes, help=error.help)


def _plainly(error: OpError, span: Span) -> Diagnostic:
    return Diagnostic(error.code, error.message, span, notes=error.notes, help=error.help)


def _within(inner: Span, outer: Span) -> bool:
    return inner.source is outer.source and outer.start <= inner.start and inner.end <= outer.end and inner != outer


def _maker(nodes: list[Node], value: Tensor) -> Span:
    return nodes[value.value.node].spans.whole


def _gives(nodes: list[Node], value: Tensor) -> str:
    node = nodes[value.value.node]
    verb = "gives" if node.op is not None else "declared as"
    return f"{verb} {show_shape(value.shape)}"


# ----------------------------------------------------------------------------------------- inputs that do not agree


def _disagreement(error: OpError, spans: Spans, nodes: list[Node], operands: list[Tensor]) -> Diagnostic:
    """Two values of different shapes: where each got the extent that differs, and what would mend it."""
    index = error.input or 1
    first, second = operands[0], operands[index]
    span = spans.inputs[index] if index < len(spans.inputs) else spans.whole
    if not _within(span, spans.whole):
        span = spans.whole
    axis = _differing(first, second, error)
    others: list[Label] = []
    if axis is not None:
        for value in (first, second):
            label = _origin(nodes, value, axis)
            if label.span != span and label not in others:
                others.append(label)
    found = mend.find(nodes, first, second) if axis else None
    if found is None:
        return Diagnostic(
            error.code,
            error.message,
            span,
            show_shape(second.shape),
            tuple(others),
            error.notes if axis is None else (),
            error.help,
        )
    lost = Label(found.span, found.reason)
    return Diagnostic(
        error.code,
        error.message,
        span,
        found.reason if lost.span == span else show_shape(second.shape),
        tuple(o for o in (lost, *others) if o is lost or o.span != lost.span) if lost.span != span else tuple(others),
        (),
        found.help or error.help,
        found.fix,
    )


def _differing(first: Tensor, second: Tensor, error: OpError) -> int | None:
    """The first axis along which the two cannot go together."""
    if len(first.shape) != len(second.shape):
        return None
    axes = [i for i, (a, b) in enumerate(zip(first.shape, second.shape, strict=True)) if not same(a, b)]
    if error.code == "N408":
        axes = [axis for axis in axes if axis] or axes
    return axes[0] if axes else None


def _origin(nodes: list[Node], value: Tensor, axis: int) -> Label:
    """The layer, or the declaration, that set an extent of a value."""
    node = mend.setter(nodes, value.value, axis)
    shape = node.shapes[value.value.index] if node.number == value.value.node else node.shape
    if node.op is None:
        return Label(node.spans.whole, f"`{node.name}` is declared as {show_shape(shape)}")
    extent = shape[axis] if axis < len(shape) else shape
    what = "channels" if axis == 0 else "the size"
    if axis == 0:
        return Label(node.spans.whole, f"gives {extent} {what}")
    return Label(node.spans.whole, f"gives {show_shape(shape)}")


# -------------------------------------------------------------------------------------------------- nothing is left


def _too_small(error: OpError, span: Span, nodes: list[Node], value: Tensor) -> Diagnostic:
    """The input is too small: how its size came down on the way."""
    history = mend.sizes(nodes, value.value)
    notes = error.notes
    if len(history) > 1:
        notes = (*notes, f"the size on the way: {' → '.join(history)}")
    return Diagnostic(
        error.code,
        error.message,
        span,
        others=tuple(label for label in (Label(_maker(nodes, value), _gives(nodes, value)),) if label.span != span),
        notes=notes,
        help=error.help,
    )
