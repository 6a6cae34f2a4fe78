"""Fused graphs: they compute what the network computed, each node of it somewhere, each step in a form of a kernel."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.form import NoForm
from netdsl.graph import Graph
from netdsl.step import Step, parts


def every_node_is_accounted_for(graph: Graph) -> Iterator[str]:
    """A node of the network is part of a step, or dropped for a reason; never both, and nothing else is there."""
    assert graph.plan is not None
    there = {part.name for node in graph.nodes for part in parts(node)}
    known = {node.name for node in graph.plan.origin.nodes if node.op is not None}
    dropped = set(graph.plan.dropped)
    for name in sorted(known - there - dropped):
        yield f"`{name}` is lost"
    for name in sorted(there & dropped):
        yield f"`{name}` is computed and dropped"
    for name in sorted(there - known):
        yield f"`{name}` is no node of the network"


def parts_are_what_they_were(graph: Graph) -> Iterator[str]:
    """A part has the operator and the owner of its node in the network."""
    assert graph.plan is not None
    before = {node.name: node for node in graph.plan.origin.nodes}
    for node in graph.nodes:
        for part in parts(node):
            if part.name in before and (part.op, part.owner) != (before[part.name].op, before[part.name].owner):
                yield f"`{part.name}` became {part.op.label()} of `{part.owner}`"


def steps_have_a_form(graph: Graph) -> Iterator[str]:
    """A kernel computes the parts of each step in their order."""
    for node in graph.nodes:
        if isinstance(node.op, Step):
            try:
                _ = node.op.form
            except NoForm as error:
                yield f"`{node.name}`: {error}"
