"""The trace beside the flat graph: it covers the nodes, says the same of them, and its expressions are true."""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from netdsl.expression import Atom, evaluate
from netdsl.graph import Graph
from netdsl.scope import Apply, Choice, Flow, Group, Invoke, Join, Let, Loop, Ref, Region, Step, Tensor, Value
from netdsl.source import Span


def regions(step: Step) -> Sequence[Region]:
    """The regions inside a step, in order."""
    kind = type(step)
    if kind is Invoke or kind is Group:
        return (step.region,)  # type: ignore[attr-defined]
    if kind is Loop:
        return step.iterations  # type: ignore[attr-defined, no-any-return]
    if kind is Choice:
        return () if step.region is None else (step.region,)  # type: ignore[attr-defined]
    return (step.entry,) if kind is Join else ()  # type: ignore[attr-defined]


def walk(region: Region, found: list[tuple[Region, Step]] | None = None) -> list[tuple[Region, Step]]:
    """Every step with the region it stands in, in order; a merge's operator comes after its branches."""
    found = [] if found is None else found
    for step in region.steps:
        found.append((region, step))
        for inner in regions(step):
            walk(inner, found)
        if type(step) is Join:
            found.append((region, step.apply))
    return found


def whole(graph: Graph) -> tuple[Region, ...]:
    """The regions at the top: that of the net, and that of its loss."""
    return (graph.root,) if graph.loss_region is None else (graph.root, graph.loss_region)


def walk_all(graph: Graph) -> list[tuple[Region, Step]]:
    return [found for region in whole(graph) for found in walk(region)]


def tensors(flow: Flow | None) -> Sequence[Tensor]:
    """The tensors of a flow, in order."""
    if type(flow) is Tensor:
        return (flow,)
    if flow is None:
        return ()
    return [tensor for part in flow for tensor in tensors(part)]  # type: ignore[union-attr]


def values(flow: Flow | None) -> tuple[Value, ...]:
    """What the tensors of a flow are in the graph."""
    return (flow.value,) if type(flow) is Tensor else tuple(tensor.value for tensor in tensors(flow))


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
    found: list[str] = []
    _scoped(graph.root, set(), interface, found)
    if graph.loss_region is not None:
        _scoped(graph.loss_region, {id(graph.root), *map(id, graph.root.steps)}, interface, found)
    yield from found


def _scoped(
    region: Region, visible: set[int], interface: dict[Ref, Value], found: list[str], turn: bool = False
) -> None:
    """`visible` are the steps and regions that can be referred to; on return it is what it was. In a `turn` of a
    loop after the first, what entered is the last turn's own, which nothing else may refer to."""

    def check(flow: Flow | None, what: str, site: Span) -> None:
        for tensor in tensors(flow):
            seen = id(tensor.ref.source) in visible
            if seen and (there := resolve(tensor.ref)) is not None and there.value == tensor.value:
                continue
            if interface.get(tensor.ref) != tensor.value:
                trouble = f"is not {tuple(tensor.value)}" if seen else "cannot be seen there"
                place = f"{tensor.ref.source.site} {tensor.ref.part or ''}".strip()
                found.append(f"{what} of {site} refers to {place}, which {trouble}")

    if not turn:
        check(region.source, "what enters the braces", region.site)
    for name, (_, outside) in region.tensors.items():
        check(outside, f"`{name}`", region.site)
    opened = [id(region)]
    visible.add(id(region))
    check(region.entry, "`in`", region.site)
    for step in region.steps:
        for i, inner in enumerate(regions(step)):
            _scoped(inner, visible, interface, found, i > 0 and type(step) is Loop and step.kind != "each")
        if type(step) is Join:
            branches = {id(step.entry), *map(id, step.entry.steps)} - visible
            visible |= branches
            check(step.apply.operands, "an operand", step.site)
            visible -= branches
        elif type(step) is Apply:
            check(step.operands, "an operand", step.site)
        opened.append(id(step))
        visible.add(id(step))
    check(region.result, "the result", region.site)
    visible.difference_update(opened)


def resolve(ref: Ref) -> Tensor | None:
    """The tensor that a reference leads to."""
    found: Any
    part = ref.part
    if type(ref.source) is Region:
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
    """Every traced extent, attribute, argument, condition, count and list has, by its expression, the value it has."""
    yield from _true(graph.root, ChainMap())
    if graph.loss_region is not None:
        yield from _true(graph.loss_region, ChainMap(graph.root.environment))


def _true(region: Region, outer: ChainMap[Atom, Any]) -> Iterator[str]:
    environment = outer.new_child(region.environment)
    known: set[int] = set()  # the same object needs one look in one region
    for step in region.steps:
        for value in _carried(step):
            if id(value) in known:
                continue
            known.add(id(value))
            for part in value if type(value) is tuple else (value,):
                if hasattr(part, "expr"):
                    yield from _told(part, environment, step)
        for inner in regions(step):
            yield from _true(inner, ChainMap() if type(step) is Invoke else environment)


def _told(value: Any, environment: ChainMap[Atom, Any], step: Step) -> Iterator[str]:
    try:
        found = evaluate(value.expr, environment)
    except KeyError as error:
        yield f"at {step.site}, {value!r} reads {error.args[0]}, which has no value there"
        return
    if found != value:
        yield f"at {step.site}, {value!r} is {found!r} by its expression"


def _carried(step: Step) -> Iterator[Any]:
    """All values and tuples of values that a step holds for the frame it stands in."""
    for tensor in tensors(step.result):
        yield tensor.shape
    kind = type(step)
    if kind is Apply:
        yield from vars(step.op).values()  # type: ignore[attr-defined]
    elif kind is Join:
        yield from vars(step.apply.op).values()  # type: ignore[attr-defined]
    elif kind is Invoke:
        yield from step.arguments.values()  # type: ignore[attr-defined]
    elif kind is Choice:
        yield step.condition  # type: ignore[attr-defined]
    elif kind is Loop:
        yield step.over  # type: ignore[attr-defined]
    elif kind is Let:
        yield step.value  # type: ignore[attr-defined]
