"""The trace beside the flat graph: it covers the nodes, says the same of them, and its expressions are true."""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from netdsl.expression import Atom, evaluate
from netdsl.graph import Graph
from netdsl.scope import Apply, Choice, Flow, Group, Invoke, Join, Loop, Ref, Region, Step, Tensor, Value


def regions(step: Step) -> tuple[Region, ...]:
    """The regions inside a step, in order."""
    match step:
        case Invoke() | Group():
            return (step.region,)
        case Loop():
            return tuple(step.iterations)
        case Choice():
            return () if step.region is None else (step.region,)
        case Join():
            return (step.entry,)
    return ()


def walk(region: Region) -> Iterator[tuple[Region, Step]]:
    """Every step with the region it stands in, in order; a merge's operator comes after its branches."""
    stack: list[Iterator[tuple[Region, Step]]] = [iter([(region, s) for s in region.steps])]
    while stack:
        for holder, step in stack[-1]:
            yield holder, step
            inner = [(r, s) for r in regions(step) for s in r.steps]
            if isinstance(step, Join):
                inner.append((holder, step.apply))
            if inner:
                stack.append(iter(inner))
                break
        else:
            stack.pop()


def whole(graph: Graph) -> tuple[Region, ...]:
    """The regions at the top: that of the net, and that of its loss."""
    return (graph.root,) if graph.loss_region is None else (graph.root, graph.loss_region)


def walk_all(graph: Graph) -> Iterator[tuple[Region, Step]]:
    for region in whole(graph):
        yield from walk(region)


def tensors(flow: Flow | None) -> Iterator[Tensor]:
    """The tensors of a flow, in order."""
    if isinstance(flow, Tensor):
        yield flow
    elif flow is not None:
        for part in flow:
            yield from tensors(part)


def values(flow: Flow | None) -> tuple[Value, ...]:
    return tuple(tensor.value for tensor in tensors(flow))


def every_node_is_traced_once(graph: Graph) -> Iterator[str]:
    """Each operator's node has one Apply in the trace."""
    counts = Counter(step.node for _, step in walk_all(graph) if isinstance(step, Apply))
    for node in graph.nodes:
        count = counts.pop(node.number, 0)
        if count != (node.role == "operator"):
            yield f"`{node.name}` is traced {count} times"
    for number in counts:
        yield f"the trace applies node {number}, which does not exist"


def applications_agree(graph: Graph) -> Iterator[str]:
    """An Apply has its node's operator, owner, operands and shapes."""
    for _, step in walk_all(graph):
        if isinstance(step, Apply) and 0 <= step.node < len(graph.nodes):
            node = graph.nodes[step.node]
            if step.op != node.op:
                yield f"`{node.name}` is {node.op}, traced as {step.op}"
            if step.owner != node.owner:
                yield f"`{node.name}` is owned by `{node.owner}`, traced as `{step.owner}`"
            if tuple(t.value for t in step.operands) != node.operands:
                yield f"`{node.name}` reads {node.operands}, traced as {tuple(t.value for t in step.operands)}"
            outcome = tuple(Value(node.number, i) for i in range(len(node.shapes)))
            if values(step.result) != outcome:
                yield f"`{node.name}` yields {values(step.result)}"


def references_are_in_scope(graph: Graph) -> Iterator[str]:
    """A reference leads to an earlier step of a region that is still open, or into such a region, and to its value."""
    interface = {
        Ref(graph.root, (graph.nodes[number].name,)): Value(number)
        for number in (*graph.inputs, *graph.targets)
        if 0 <= number < len(graph.nodes)
    }
    visible = {id(graph.root), *(id(step) for step in graph.root.steps)}
    yield from _scoped(graph.root, set(), interface)
    if graph.loss_region is not None:
        yield from _scoped(graph.loss_region, visible, interface)


def _scoped(region: Region, visible: set[int], interface: dict[Ref, Value], turn: bool = False) -> Iterator[str]:
    """`visible` are the steps and regions that can be referred to; on return it is what it was. In a `turn` of a
    loop after the first, what entered is the last turn's own, which nothing else may refer to."""

    def check(flow: Flow | None, where: str) -> Iterator[str]:
        for tensor in tensors(flow):
            if interface.get(tensor.ref) == tensor.value:
                continue
            if id(tensor.ref.source) not in visible:
                yield f"{where} refers to {_place(tensor.ref)}, which cannot be seen there"
            elif (found := resolve(tensor.ref)) is None or found.value != tensor.value:
                yield f"{where} refers to {_place(tensor.ref)}, which is not {tuple(tensor.value)}"

    if not turn:
        yield from check(region.source, f"the entry of {region.site}")
    for name, (_, outside) in region.tensors.items():
        yield from check(outside, f"tensor `{name}` of {region.site}")
    opened = [id(region)]
    visible.add(id(region))
    yield from check(region.entry, f"inside {region.site}, `in`")
    for step in region.steps:
        for i, inner in enumerate(regions(step)):
            turn = i > 0 and isinstance(step, Loop) and step.kind != "each"
            yield from _scoped(inner, visible, interface, turn)
        if isinstance(step, Join):
            branches = {id(step.entry), *(id(branch) for branch in step.entry.steps)} - visible
            visible |= branches
            yield from check(step.apply.operands, f"step {step.site}")
            visible -= branches
        elif isinstance(step, Apply):
            yield from check(step.operands, f"step {step.site}")
        opened.append(id(step))
        visible.add(id(step))
    yield from check(region.result, f"the result of {region.site}")
    visible.difference_update(opened)


def resolve(ref: Ref) -> Tensor | None:
    """The tensor that a reference leads to."""
    found: Any
    part = ref.part
    if isinstance(ref.source, Region):
        if part and isinstance(part[0], str):
            if part[0] not in ref.source.tensors:
                return None
            found, part = ref.source.tensors[part[0]][0], part[1:]
        else:
            found = ref.source.entry
    else:
        found = ref.source.result
    for place in part:
        if isinstance(found, Tensor) or found is None or not isinstance(place, int) or place >= len(found):
            return None
        found = found[place]
    return found if isinstance(found, Tensor) else None


def _place(ref: Ref) -> str:
    return f"{ref.source.site} {ref.part or ''}".strip()


def results_agree(graph: Graph) -> Iterator[str]:
    """What a step yields is what its region yields; what an iteration takes is what the one before it gave."""
    for _, step in walk_all(graph):
        inner = regions(step)
        for region in inner:
            if values(region.entry) != values(region.source):
                yield f"`in` of {region.site} is {values(region.entry)}, but {values(region.source)} entered"
        match step:
            case Join():
                given = values(step.apply.result)
            case Loop(kind="each"):
                given = tuple(v for region in inner for v in values(region.result))
            case Loop():
                for before, after in pairwise(inner):
                    if values(before.result) != values(after.source):
                        yield f"an iteration of {step.site} takes {values(after.source)} after {values(before.result)}"
                given = values(inner[-1].result) if inner else values(step.result)
            case _:
                given = values(inner[0].result) if inner else values(step.result)
        if values(step.result) != given:
            yield f"{step.site} yields {values(step.result)}, inside it {given}"


def expressions_are_true(graph: Graph) -> Iterator[str]:
    """Every traced extent and attribute has, by its expression, the value it has."""
    yield from _true(graph.root, ChainMap())
    if graph.loss_region is not None:
        yield from _true(graph.loss_region, ChainMap(graph.root.environment))


def _true(region: Region, outer: ChainMap[Atom, Any]) -> Iterator[str]:
    environment = outer.new_child(region.environment)
    for step in region.steps:
        for value in _traced(step):
            try:
                found = evaluate(value.expr, environment)
            except KeyError as error:
                yield f"at {step.site}, {value!r} reads {error.args[0]}, which has no value there"
                continue
            if found != value:
                yield f"at {step.site}, {value!r} is {found!r} by its expression"
        for inner in regions(step):
            yield from _true(inner, ChainMap() if isinstance(step, Invoke) else environment)


def _traced(step: Step) -> Iterator[Any]:
    for tensor in tensors(step.result):
        yield from (e for e in tensor.shape if hasattr(e, "expr"))
    if isinstance(step, Apply):
        for value in vars(step.op).values():
            if hasattr(value, "expr"):
                yield value
