"""Fused graphs, step by step: each node of the network is somewhere, and each step is something that a kernel does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from netdsl.form import NoForm, is_add, is_point_by_point
from netdsl.graph import Graph
from netdsl.ops.conv import Conv
from netdsl.step import Step, parts


def every_node_is_accounted_for(graph: Graph) -> Iterator[str]:
    """A node of the network is part of some step, or dropped for a reason; never both, and nothing else is there."""
    assert graph.plan is not None
    there = {part.name for node in graph.nodes for part in parts(node)}
    known = {node.name for node in graph.plan.origin.nodes if node.op is not None}
    targets = {graph.plan.origin.nodes[number].name for number in graph.plan.origin.targets}
    dropped = set(graph.plan.dropped)
    for name in sorted(known - there - dropped):
        yield f"`{name}` is lost"
    for name in sorted(there & dropped):
        yield f"`{name}` is computed and dropped"
    for name in sorted((there - known) | (dropped - known - targets)):
        yield f"`{name}` is no operator's node of the network"


def the_plan_names_nodes(graph: Graph) -> Iterator[str]:
    """Views are nodes of the graph, and reasons are about nodes of the network."""
    assert graph.plan is not None
    for name in sorted(set(graph.plan.views) - {node.name for node in graph.nodes if node.op is not None}):
        yield f"`{name}`, said to be a view, is no node"
    for name in sorted(set(graph.plan.reasons) - {node.name for node in graph.plan.origin.nodes}):
        yield f"`{name}`, which has a reason, is no node of the network"
    for kind, told in (("view", graph.plan.views), ("reason", graph.plan.reasons), ("dropped", graph.plan.dropped)):
        for name in sorted(name for name, why in told.items() if not why):
            yield f"`{name}` has no words beside it ({kind})"


def parts_are_what_they_were(graph: Graph) -> Iterator[str]:
    """A part has the operator and the owner of its node in the network."""
    assert graph.plan is not None
    before = {node.name: node for node in graph.plan.origin.nodes}
    for node in graph.nodes:
        for part in parts(node):
            was = before.get(part.name)
            if was is not None and not (part.owner == was.owner and (part.op is was.op or part.op == was.op)):
                yield f"`{part.name}` became {part.op.label()} of `{part.owner}`"


def steps_have_a_form(graph: Graph) -> Iterator[str]:
    """A kernel computes the parts of each step in their order."""
    for node in graph.nodes:
        if isinstance(node.op, Step):
            try:
                form = node.op.form
            except NoForm as error:
                yield f"`{node.name}`: {error}"
            else:
                if form.core is None and not is_point_by_point(graph, node):
                    yield f"`{node.name}` does not work point by point"


def only_what_comes_first_is_repeated(graph: Graph) -> Iterator[str]:
    """A node is part of one step, unless it is all of the prologue, or the flattening, of each step that it is in."""
    count = Counter(part.name for node in graph.nodes for part in parts(node))
    for node in graph.nodes:
        if isinstance(node.op, Step):
            form = node.op.form
            free = {part.name for part in (*form.prologue, form.flatten) if part is not None}
            for name in (part.name for part in node.op.parts if part.name not in free and count[part.name] > 1):
                yield f"`{name}` is computed {count[name]} times"


def sums_are_of_one_shape(graph: Graph) -> Iterator[str]:
    """What a step adds has the shape of what it is added to."""
    for node in graph.nodes:
        if isinstance(node.op, Step) and any(is_add(part.op) for part in node.op.parts):
            for part, given, _ in node.op.walk(*graph.operand_shapes(node)):
                if is_add(part.op) and given[0] != given[1]:
                    yield f"`{part.name}` adds {given[0]} and {given[1]}"


def siblings_are_alike(graph: Graph) -> Iterator[str]:
    """What one kernel yields several of are 1x1 convolutions, with one activation or none and no sum."""
    for node in graph.nodes:
        if isinstance(node.op, Step) and len(node.shapes) > 1:
            form = node.op.form
            ends = {None if end.activation is None else end.activation.op for end in form.epilogues}
            if len(ends) > 1 or any(end.add for end in form.epilogues):
                yield f"`{node.name}` ends in different ways"
            for core in form.cores:
                if not (isinstance(core.op, Conv) and core.op.is_pointwise()):
                    yield f"`{core.name}` is {core.op.label()}"


def owners_are_of_parts(graph: Graph) -> Iterator[str]:
    """A step has no owner, its parts have."""
    for node in graph.nodes:
        if isinstance(node.op, Step) and node.owner:
            yield f"`{node.name}` is owned by `{node.owner}`"
