"""A fused graph in two: a head that is computed sample by sample, and a tail that is computed for a whole batch.

Close to the input maps are large and weights few: a batch of maps does not fit into any cache, so that each step
fetches from memory what the step before it put there. One sample's maps do fit, so there the steps follow one another
for one sample, then for the next. Close to the output it is the other way round: weights are best fetched once for a
batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from netdsl.graph import Graph, Node, Output, leaves
from netdsl.ops.op import Classes, Loss
from netdsl.plan.roofline import work
from netdsl.scope import Value
from netdsl.step import Plan, kernels
from netdsl.traffic import elements

SHARE = 4 * 1024 * 1024  # bytes of maps that each thread has room for in a cache that all share
OWN = 256 * 1024  # bytes of weights that a cache of one thread alone holds beside all else, CACHED in conv.c
FEW = 4  # values that may go from the head to the tail


@dataclass(frozen=True, eq=False)
class Cut:
    """What `head` yields is what `tail` reads, in this order. All inputs are the head's, all outputs the tail's."""

    head: Graph
    tail: Graph


def best_cut(fused: Graph, batch: int, width: int, threads: int, before: int | None = None) -> Cut | None:
    """Where `threads` fetch the least from beyond the caches, for numbers of `width` bytes; no later than `before` a
    node. None where a head would save nothing. All extents known."""
    moved = {number: done.bytes for number, done in work(fused, batch, width).items()}
    weights = {node.number: _weights(fused, node) * width for node in kernels(fused)}
    maps = {number: moved[number] - weights[number] for number in moved}
    together = {number: maps[number] if maps[number] > threads * SHARE else 0 for number in maps}
    apart = {number: maps[number] if maps[number] > batch * SHARE else 0 for number in maps}
    for number, held in weights.items():
        together[number] += held
        apart[number] += batch * held if held > OWN else held
    best, least = 0, sum(together.values())
    for number in cuts(fused):
        if before is not None and number > before:
            break
        across = sum(int(elements(fused.shape(value))) for value in _crossing(fused, number)) * batch * width
        fetched = across + sum(apart[n] if n < number else together[n] for n in moved)
        if fetched < least:
            best, least = number, fetched
    return cut(fused, best) if best else None


def cuts(fused: Graph) -> Iterator[int]:
    """The numbers of the nodes before which a graph can be cut: few values go across, each a map of its own, and
    neither inputs nor outputs are on the wrong side."""
    first = max(fused.inputs, default=-1) + 1
    yielded = [value.node for output in fused.outputs if not output.aux for value in leaves(output.value)]
    for number in range(first + 1, min(yielded, default=0) + 1):
        crossing = _crossing(fused, number)
        maps = all(value.node in fused.by_sample and _alone(fused, value) for value in crossing)
        if maps and len(crossing) <= FEW:
            yield number


def cut(fused: Graph, number: int) -> Cut:
    """The nodes before `number`, and the others."""
    crossing = _crossing(fused, number)
    return Cut(_head(fused, number, crossing), _tail(fused, number, crossing))


def _head(fused: Graph, number: int, crossing: Sequence[Value]) -> Graph:
    makers = [fused.nodes[value.node] for value in crossing]
    outputs = tuple(
        Output(maker.name, value, False, maker.spans.whole) for maker, value in zip(makers, crossing, strict=True)
    )
    kept = {value: value for node in fused.nodes[:number] for value in _values(node, node.number)}
    return replace(
        fused, nodes=fused.nodes[:number], targets=(), outputs=outputs, loss=None, plan=_planned(fused, kept)
    )


def _tail(fused: Graph, number: int, crossing: Sequence[Value]) -> Graph:
    moved = {value: Value(index) for index, value in enumerate(crossing)}
    nodes = [_input(fused, index, value) for index, value in enumerate(crossing)]
    kept: dict[Value, Value] = {}
    for node in fused.nodes[number:]:
        kept.update(zip(_values(node, node.number), _values(node, len(nodes)), strict=True))
        moved.update(kept)
        nodes.append(replace(node, number=len(nodes), operands=tuple(moved[value] for value in node.operands)))

    def there(value: Any) -> Any:
        return moved[value] if isinstance(value, Value) else tuple(there(part) for part in value)

    return replace(
        fused,
        nodes=tuple(nodes),
        inputs=tuple(range(len(crossing))),
        targets=(),
        outputs=tuple(replace(output, value=there(output.value)) for output in fused.outputs if not output.aux),
        loss=None,
        plan=_planned(fused, kept),
    )


def _values(node: Node, number: int) -> list[Value]:
    return [Value(number, index) for index in range(len(node.shapes))]


def _planned(fused: Graph, kept: Mapping[Value, Value]) -> Plan | None:
    """What is known of the values `kept`, under their new numbers."""
    if fused.plan is None:
        return None
    return fused.plan.but(places={kept[value]: place for value, place in fused.plan.places.items() if value in kept})


def _crossing(fused: Graph, number: int) -> list[Value]:
    """What nodes from `number` on read of those before."""
    read = dict.fromkeys(value for node in fused.nodes[number:] for value in node.operands if value.node < number)
    return list(read)


def _alone(fused: Graph, value: Value) -> bool:
    """Whether a value is all that a kernel writes, in memory of its own."""
    node, plan = fused.nodes[value.node], fused.plan
    return (
        node.op is not None
        and len(node.shapes) == 1
        and bool(node.shape)
        and not isinstance(node.shape, Classes | Loss)
        and (plan is None or (value not in plan.places and node.name not in plan.views))
    )


def _input(fused: Graph, index: int, value: Value) -> Node:
    maker = fused.nodes[value.node]
    return Node(index, maker.name, "input", None, (), (fused.shape(value),), maker.spans)


def _weights(fused: Graph, node: Node) -> int:
    """How many numbers a kernel reads that are no maps."""
    assert node.op is not None
    shapes = fused.operand_shapes(node)
    return sum(int(elements(shape)) for shape in node.op.weights(*shapes).values())
