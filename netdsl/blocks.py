"""The nodes of a graph in the blocks they came from: the tree that tables are grouped by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from netdsl.expression import Flag
from netdsl.graph import Broken, Graph
from netdsl.ops.op import show
from netdsl.scope import Apply, Choice, Flow, Group, Invoke, Join, Loop, Region, Step, Tensor, Value
from netdsl.source import Span


@dataclass(slots=True)
class Block:
    """A part of the network that has a path: a block called, a labelled loop or group.

    `members` are its nodes, by number, its blocks, and what is broken in it, in order; `result` is the value that it
    yields, where it is one.
    """

    path: str
    head: str  # the call: `bottleneck(64, stride = 2)`
    site: Span | None
    result: Value | None
    members: list[int | Block | Broken] = field(default_factory=list)

    def nodes(self) -> Iterator[int]:
        """The numbers of all nodes inside, in order."""
        for member in self.members:
            if isinstance(member, Block):
                yield from member.nodes()
            elif isinstance(member, int):
                yield member

    def last(self) -> int:
        """The greatest number of a node inside; -1 where there is none."""
        return max(self.nodes(), default=-1)


def blocks(graph: Graph) -> Block:
    """The whole network as one block without a path."""
    root = Block("", graph.definition.head, graph.definition.site, None)
    root.members.extend(node.number for node in graph.nodes if node.op is None)
    _fill(root, graph.root.steps)
    if graph.loss_region is not None:
        _fill(root, graph.loss_region.steps)
    for broken in graph.broken:
        _place(root, broken)
    return root


def _place(block: Block, broken: Broken) -> None:
    """Put what is broken behind the last thing that it reads, in the block that it stands in."""
    for member in block.members:
        if isinstance(member, Block) and broken.node.name.startswith(f"{member.path}."):
            return _place(member, broken)
    last = max((value.node for value in broken.node.operands), default=-1)
    at = 0
    for place, member in enumerate(block.members, 1):
        if isinstance(member, Broken) or (member.last() if isinstance(member, Block) else member) <= last:
            at = place
    block.members.insert(at if broken.node.operands else len(block.members), broken)
    return None


def _fill(block: Block, steps: Iterable[Step]) -> None:
    for step in steps:
        if isinstance(step, Apply):
            block.members.append(step.node)
            continue
        inside = block
        if step.name and (text := head(step)):
            path = f"{block.path}.{step.name}" if block.path else str(step.name)
            inside = Block(path, text, step.site, _single(step.result))
            block.members.append(inside)
        for region in regions(step):
            _fill(inside, region.steps)
        if isinstance(step, Join):
            _fill(inside, [step.apply])
        if inside is not block and not inside.members:  # a projection that projects nothing
            block.members.pop()


def head(step: Step) -> str:
    """What stands for the step where it is a block: its call, `repeat × 3`, `{ .. }`; empty where it is none."""
    match step:
        case Invoke():
            return _call(step)
        case Loop():
            return f"{step.kind} × {len(step.iterations)}"
        case Group():
            return "{ .. }"
    return ""


def _call(step: Invoke) -> str:
    """The call with the values that it has here: `inception(64, 96, 128, 16, 32, 32)`."""
    given = {name: show(bool(v) if isinstance(v, Flag) else v) for name, v in step.arguments.items()}
    given |= {name: block.text for name, block in step.blocks.items()}
    order = [parameter.name for parameter in step.definition.parameters]
    parts: list[str] = []
    by_place = True
    for name in [*(n for n in order if n in given), *(n for n in given if n not in order)]:
        rest = name.rpartition(".")[2]  # `args.0`, `args.stride`
        by_place = by_place and (rest.isdigit() or order[len(parts) : len(parts) + 1] == [name])
        parts.append(given[name] if by_place else f"{rest} = {given[name]}")
    return f"{step.definition.name}({', '.join(parts)})" if parts else step.definition.name


def regions(step: Step) -> tuple[Region, ...]:
    """The regions inside the step, in order."""
    match step:
        case Invoke() | Group():
            return (step.region,)
        case Loop():
            return tuple(step.iterations)
        case Choice(region=Region() as region):
            return (region,)
        case Join():
            return (step.entry,)
    return ()


def _single(flow: Flow | None) -> Value | None:
    return flow.value if isinstance(flow, Tensor) else None
