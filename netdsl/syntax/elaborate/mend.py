"""Sizes that do not agree: which layer lost the pixel, and which edit gives it back.

An edit is proposed only after it was tried: the layers after it are inferred again, and the sizes must then agree.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from netdsl.diagnostics import Fix
from netdsl.extent import same
from netdsl.graph import Node
from netdsl.ops.op import Op, OpError, Shape, show_shape
from netdsl.scope import Tensor, Value
from netdsl.source import Span

LONGEST = 64  # layers that are looked at on the way back
PADS = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Mending:
    """The layer at `span` is where the sizes part, for `reason`; `fix` and `help` say what would mend it, if known."""

    span: Span
    reason: str
    help: str | None = None
    fix: Fix | None = None


def chain(nodes: list[Node], value: Value) -> list[Node]:
    """The nodes behind a value, along first inputs, the last first."""
    found: list[Node] = []
    node = nodes[value.node]
    while len(found) < LONGEST:
        found.append(node)
        if not node.operands:
            break
        node = nodes[node.operands[0].node]
    return found


def setter(nodes: list[Node], value: Value, axis: int) -> Node:
    """The node that gave a value its extent along `axis`: those after it kept it."""
    extent = nodes[value.node].shapes[value.index][axis]
    found = nodes[value.node]
    for node in chain(nodes, value):
        shape = node.shapes[0]
        if axis >= len(shape) or not same(shape[axis], extent):
            break
        found = node
    return found


def sizes(nodes: list[Node], value: Value) -> list[str]:
    """The spatial sizes on the way to a value, the first first; each once."""
    found: list[str] = []
    for node in reversed(chain(nodes, value)):
        if len(node.shape) < 2:
            continue
        size = show_shape(node.shape[1:])
        where = f"{size} ({node.name})"
        if not found or found[-1].partition(" ")[0] != size:
            found.append(where)
    return found[-8:]


def find(nodes: list[Node], first: Tensor, second: Tensor) -> Mending | None:
    """Where two maps of different sizes parted, and how they can be brought together; None where nothing is known."""
    a, b = first.shape, second.shape
    if len(a) != len(b) or not all(isinstance(e, int) for e in (*a, *b)):
        return None
    small, large = (first, second) if _size(a) < _size(b) else (second, first)
    for node in chain(nodes, small.value):
        edit = next(_edits(nodes, node, small.value, tuple(large.shape)), None)
        if edit is not None:
            return edit
    for node in chain(nodes, small.value):
        reason = _remainder(nodes, node)
        if reason is not None:
            return Mending(node.spans.whole, reason)
    return None


def _size(shape: Shape) -> int:
    return sum(e for e in shape[1:] if isinstance(e, int))


def _edits(nodes: list[Node], node: Node, value: Value, wanted: Shape) -> Iterator[Mending]:
    """The edits of one layer that give `value` the spatial extents of `wanted`."""
    op = node.op
    if op is None or not node.spans.whole.text.startswith(f"{op.name}(") or not node.spans.whole.text.endswith(")"):
        return
    names = {f.name for f in dataclasses.fields(op)}
    tries: list[tuple[str, Any, str]] = []
    if "ceil" in names and not getattr(op, "ceil"):  # noqa: B009 - one operator among many
        tries.append(("ceil", True, "ceil = true"))
    if "pad" in names:
        tries += [("pad", pad, f"pad = {pad}") for pad in PADS if getattr(op, "pad") != pad]  # noqa: B009
    for attribute, setting, text in tries:
        shape = _again(nodes, node, dataclasses.replace(op, **{attribute: setting}), value)
        if shape is None or tuple(shape[1:]) != tuple(wanted[1:]):
            continue
        given = node.spans.attributes.get(attribute)
        whole = node.spans.whole
        span = given if given is not None else Span(whole.source, whole.end - 1, whole.end - 1)
        edited = (
            whole.text[: given.start - whole.start] + text + whole.text[given.end - whole.start :]
            if given is not None
            else f"{whole.text[:-1]}, {text})"
        )
        before = nodes[node.operands[0].node].shapes[node.operands[0].index]
        yield Mending(
            whole,
            f"makes {show_shape(node.shape[1:])} of {show_shape(before[1:])}",
            f"write `{' '.join(edited.split())}`: both are then {show_shape(wanted[1:])}",
            Fix(span, text if given is not None else f", {text}"),
        )


def _again(nodes: list[Node], changed: Node, op: Op, value: Value) -> Shape | None:
    """The shape of `value` if `changed` had `op`; None where some layer after it would not take it."""
    shape: Any = None
    try:
        for node in reversed(chain(nodes, value)):
            if node is changed:
                inputs = [nodes[v.node].shapes[v.index] for v in node.operands]
                shape = op.infer(*inputs)
            elif shape is not None:
                rest = [nodes[v.node].shapes[v.index] for v in node.operands[1:]]
                assert node.op is not None
                shape = node.op.infer(shape, *rest)
            if isinstance(shape, list):
                return None
    except OpError:
        return None
    return shape  # type: ignore[no-any-return]


def _remainder(nodes: list[Node], node: Node) -> str | None:
    """Why a strided layer loses part of its input, if it does."""
    op = node.op
    stride = getattr(op, "stride", None) or getattr(op, "kernel", None)
    if op is None or not isinstance(stride, int) or stride < 2 or op.name.startswith("deconv"):
        return None
    shape = nodes[node.operands[0].node].shapes[node.operands[0].index]
    for extent in shape[1:]:
        if isinstance(extent, int) and extent % stride:
            return (
                f"halves {extent}, which is odd: one is lost"
                if stride == 2
                else f"{extent} does not divide by {stride}"
            )
    return None
