"""Each kernel of a network by itself, on maps so small that tails and padding are most of them.

Steps that do the same on as many channels are one case. The extents differ from axis to axis, one odd and one even, for
what a stride leaves over is not the same. In the interpreter channels are at most so many that a kernel still takes
them in several blocks with a rest, and fewer where that takes too long; a note says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from netdsl.form import Form
from netdsl.graph import Graph, Node
from netdsl.ops.conv import Conv, Deconv
from netdsl.ops.linear import Linear
from netdsl.ops.op import Op, OpError, Shape
from netdsl.runtime.executor import form_of
from netdsl.scope import Value
from netdsl.step import Outer, Part, Step, parts

BATCH = 2
EXTENTS: dict[int, tuple[tuple[int, ...], ...]] = {
    1: ((19,), (37,), (67,), (131,)),
    2: ((7, 10), (9, 12), (13, 16), (19, 22), (27, 30), (35, 38), (51, 54), (67, 70)),
    3: ((3, 5, 8), (5, 6, 7), (7, 8, 9), (9, 11, 14), (15, 17, 20)),
}
WIDEST = (80, 48, 32)  # channels in the interpreter, until the work is little enough; 80 are two blocks for it
GROUP = 2**21  # a group of a convolution is programs of its own: as much work as so many MACs


@dataclass(frozen=True, eq=False)
class Case:
    """`graph` has inputs and one step, `node`, that stands for `like` and `same - 1` others of the network.

    `splits` has the channels of each tensor that an operand comes in, `cropped` says which are part of larger maps.
    """

    graph: Graph
    node: Node
    like: Node
    splits: tuple[tuple[int, ...], ...]
    cropped: tuple[bool, ...]
    same: int = 1
    note: str = ""


def cases(graph: Graph, most_macs: int | None) -> list[Case]:
    """The different kernels of a fused graph, in its order, each at most `most_macs` of work."""
    found: dict[Any, Case] = {}
    views = graph.plan.views if graph.plan is not None else {}
    for node in graph.nodes:
        form = form_of(graph, node) if node.name not in views else None
        if form is None:
            continue
        case = _case(graph, node, form, most_macs)
        key = (_essence(case.node), case.graph.operand_shapes(case.node), case.splits, case.cropped)
        if key in found:
            before = found[key]
            case = replace(before, same=before.same + 1, note=before.note or case.note)
        found[key] = case
    return list(found.values())


def _case(graph: Graph, node: Node, form: Form, most_macs: int | None) -> Case:
    """The smallest case of a node."""
    tensors = tuple(tuple(_tensors(graph, value)) for value in node.operands)
    splits: tuple[tuple[int, ...], ...] = tuple(tuple(channels for channels, _ in each) for each in tensors)
    assert node.op is not None
    shapes = _small(node, form, graph.operand_shapes(node))
    op, note = node.op, ""
    if most_macs is not None:
        for widest in WIDEST:
            narrow, fewer, parted = _narrowed(node, form, shapes, splits, widest)
            macs: Any = narrow.macs(*fewer)
            if BATCH * macs + GROUP * _groups(narrow, fewer) <= most_macs:
                break
        if fewer != shapes or narrow.macs(*fewer) != op.macs(*shapes):
            note = f"on at most {widest} channels"
        op, shapes, splits = narrow, fewer, parted
    alone, only = _alone(graph, node, op, shapes)
    return Case(alone, only, node, splits, tuple(any(crop for _, crop in each) for each in tensors), note=note)


def _groups(op: Op, shapes: tuple[Shape, ...]) -> int:
    """How many groups divide the channels of a step; depthwise convolutions, whose kernel has none, count as one."""
    given = op.walk(*shapes) if isinstance(op, Step) else [(Part("", op, "", ()), shapes, ())]
    found = [(part.op.groups, inner[0][0]) for part, inner, _ in given if isinstance(part.op, Conv | Deconv)]
    return max((int(groups) for groups, channels in found if groups != channels), default=1)


def _essence(node: Node) -> Any:
    """What a step does, whatever its parts are called."""
    results = node.op.results if isinstance(node.op, Step) else ()
    return tuple((part.op, part.operands) for part in parts(node)), results


def _tensors(graph: Graph, value: Value) -> Iterator[tuple[int, bool]]:
    """Channels of each tensor that a value comes in, and whether that is a part of a larger map."""
    node = graph.nodes[value.node]
    plan = graph.plan
    if plan is not None and node.name in plan.views and node.op is not None and value not in plan.places:
        if node.op.name == "concat":
            for operand in node.operands:
                yield from _tensors(graph, operand)
            return
        if node.op.name == "crop":
            yield from ((channels, True) for channels, _ in _tensors(graph, node.operands[0]))
            return
    yield int(graph.shape(value)[0]) if graph.shape(value) else 1, False  # type: ignore[arg-type]


def _small(node: Node, form: Form, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """The shapes of the operands with the first small extents that suit every part and every weight."""
    source = shapes[form.source.slot]
    for extents in EXTENTS.get(len(source) - 1, ()):
        try:
            found = _shapes(node, form.source.slot, (source[0], *extents), len(shapes))
            if _weights(node, found) == _weights(node, shapes):
                return found
        except OpError:
            continue
    return shapes


def _shapes(node: Node, slot: int, source: Shape, count: int) -> tuple[Shape, ...]:
    """The shapes of all operands, given that of one: what is added is as large as what it is added to. OpError."""
    given: dict[int, Shape] = {slot: source}
    found: list[Shape] = []
    for part in parts(node):
        known = [given.get(s.slot) if isinstance(s, Outer) else found[s.part] for s in part.operands]
        (first, *_) = [shape for shape in known if shape is not None]
        for operand, shape in zip(part.operands, known, strict=True):
            if shape is None:
                given[operand[0]] = first
        found.append(part.op.infer(*(first if shape is None else shape for shape in known)))
    return tuple(given[index] for index in range(count))


def _weights(node: Node, shapes: tuple[Shape, ...]) -> Any:
    assert node.op is not None
    return [shape for _, shape in sorted(node.op.weights(*shapes).items())]


def _narrowed(
    node: Node, form: Form, shapes: tuple[Shape, ...], splits: tuple[tuple[int, ...], ...], widest: int
) -> tuple[Op, tuple[Shape, ...], tuple[tuple[int, ...], ...]]:
    """The step with at most about `widest` channels on either side; odd ones stay odd."""

    def fewer(channels: int) -> int:
        return channels if channels <= widest else widest - widest % 16 + channels % 16

    def part_of(part: Part) -> Part:
        op = part.op
        if isinstance(op, Linear) or (isinstance(op, Conv | Deconv) and op.groups == 1):
            return replace(part, op=type(op)(**{**vars(op), "out": fewer(int(op.out))}))
        if isinstance(op, Conv | Deconv) and op.groups > 1:
            each = int(op.out) // op.groups
            return replace(part, op=type(op)(**{**vars(op), "out": each * groups, "groups": groups}))
        return part

    slot = form.source.slot
    channels = int(shapes[slot][0])  # type: ignore[arg-type]
    groups = next((p.op.groups for p in form.cores if isinstance(p.op, Conv | Deconv)), 1)
    source = tuple(fewer(channels) for channels in splits[slot])
    if groups > 1:
        each = channels // groups
        groups = min(groups, max(2, fewer(channels) // each))
        source = (each * groups,)
    op = node.op
    assert op is not None
    if isinstance(op, Step):
        narrow: Op = Step(parts=tuple(map(part_of, op.parts)), results=op.results)
    else:
        narrow = part_of(parts(node)[0]).op
    found = _shapes(replace(node, op=narrow), slot, (sum(source), *shapes[slot][1:]), len(shapes))
    return narrow, found, tuple(source if index == slot else (int(s[0]),) for index, s in enumerate(found))  # type: ignore[arg-type]


def _alone(graph: Graph, node: Node, op: Op, shapes: tuple[Shape, ...]) -> tuple[Graph, Node]:
    """A graph of one step whose operands are inputs."""
    inputs = tuple(
        Node(number, f"operand {number}", "input", None, (), (shape,), node.spans)
        for number, shape in enumerate(shapes)
    )
    found = op.infer(*shapes)
    yields = tuple(found) if isinstance(found, list) else (found,)
    step = replace(node, number=len(inputs), op=op, operands=tuple(Value(i) for i in range(len(inputs))), shapes=yields)
    numbers = tuple(range(len(inputs)))
    return replace(graph, nodes=(*inputs, step), inputs=numbers, outputs=(), targets=(), loss=None, plan=None), step
