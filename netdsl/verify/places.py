"""Where values live, and what launches nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from netdsl.form import form_of
from netdsl.graph import Graph, Node
from netdsl.ops.conv import Conv, Deconv
from netdsl.ops.merge import Concat
from netdsl.ops.norm import Lrn
from netdsl.scope import Value
from netdsl.step import Step
from netdsl.verify.references import exists
from netdsl.view import view


def places_fill_their_buffers(graph: Graph) -> Iterator[str]:
    """The values computed into a buffer lie one behind the other, without gap or overlap, and are of one size."""
    assert graph.plan is not None
    buffers: dict[int, list[tuple[int, int, Any, str]]] = {}
    for value, (buffer, offset) in graph.plan.places.items():
        if not exists(graph, value):
            yield f"{tuple(value)} has a place and does not exist"
            continue
        node, shape = graph.nodes[value.node], graph.shape(value)
        if not isinstance(node.op, Concat):
            buffers.setdefault(buffer, []).append((offset, shape[0], shape[1:], node.name))  # type: ignore[arg-type]
    for buffer, values in buffers.items():
        end = 0
        for offset, channels, extents, name in sorted(values, key=lambda value: value[0]):
            if offset != end:
                yield f"`{name}` begins at channel {offset} of buffer {buffer}, and what is before it ends at {end}"
            if extents != values[0][2]:
                yield f"`{name}` and `{values[0][3]}` share buffer {buffer} and differ in size"
            end = offset + channels


def places_are_written_by_kernels(graph: Graph) -> Iterator[str]:
    """What a kernel of ours computes can be written anywhere; nothing else can."""
    assert graph.plan is not None
    for value in graph.plan.places:
        node = graph.nodes[value.node]
        if not (isinstance(node.op, Concat | Lrn) or form_of(graph, node) is not None):
            yield f"`{node.name}` has a place in a buffer, and no kernel of ours writes it"


def siblings_lie_side_by_side(graph: Graph) -> Iterator[str]:
    """If one value of a step has a place all have, one behind the other."""
    assert graph.plan is not None
    for node in graph.nodes:
        if isinstance(node.op, Step) and len(node.shapes) > 1:
            yield from _run(graph, node, tuple(Value(node.number, i) for i in range(len(node.shapes))))


def concats_in_place_are_runs(graph: Graph) -> Iterator[str]:
    """A concat with a place begins where its first operand does, and its operands lie one behind the other."""
    assert graph.plan is not None
    for node in graph.nodes:
        if isinstance(node.op, Concat) and Value(node.number) in graph.plan.places:
            yield from _run(graph, node, node.operands)
            if graph.plan.places[Value(node.number)] != graph.plan.places.get(node.operands[0]):
                yield f"`{node.name}` begins elsewhere than its first operand"
            if node.op.axis not in (0, -len(node.shape)):
                yield f"`{node.name}` joins along axis {node.op.axis}"


def _run(graph: Graph, node: Node, values: tuple[Value, ...]) -> Iterator[str]:
    assert graph.plan is not None
    places = [graph.plan.places.get(value) for value in values]
    if any(place is None for place in places):
        if any(place is not None for place in places):
            yield f"`{node.name}` has a place for a part of its values"
        elif isinstance(node.op, Concat):
            yield f"`{node.name}` has a place, and what it joins has none"
        return
    buffer, at = places[0]  # type: ignore[misc]
    for value, place in zip(values, places, strict=True):
        if place != (buffer, at):
            yield f"`{node.name}`: {tuple(value)} is at {tuple(place or ())}, not {(buffer, at)}"
        at += graph.shape(value)[0]


def views_launch_nothing(graph: Graph) -> Iterator[str]:
    """A view is a part of what it reads, a concat in place, or one that only convolutions read, part by part."""
    assert graph.plan is not None
    for node in graph.nodes:
        if node.op is None or node.name not in graph.plan.views:
            continue
        if isinstance(node.op, Concat):
            if Value(node.number) not in graph.plan.places:
                yield from _read_in_parts(graph, node)
        elif not view(node.op, graph.operand_shapes(node)):
            yield f"`{node.name}` ({node.op.name}) computes something"


def _read_in_parts(graph: Graph, node: Node) -> Iterator[str]:
    """What stands in the way of never making a concat."""
    if len(node.operands) > 4:
        yield f"`{node.name}` is to be read in {len(node.operands)} parts"
    for use in graph.uses.get(Value(node.number), ()):
        form = form_of(graph, graph.nodes[use.node]) if use.node >= 0 else None
        if form is None or form.source.slot != use.slot or any(end.residual == form.source for end in form.epilogues):
            yield f"`{node.name}` is read in one piece"
        elif not form.cores or not all(isinstance(c.op, Conv | Deconv) and c.op.groups == 1 for c in form.cores):
            yield f"`{node.name}` is read by what is no plain convolution"
