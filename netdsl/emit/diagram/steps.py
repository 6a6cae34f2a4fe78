"""The tree of a fused graph: that of the network as written, with each kernel where its core stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from netdsl.emit.diagram.tree import Fork, Item, Leaf, Nest, tree
from netdsl.graph import Graph


def tree_of_steps(graph: Graph) -> list[Item]:
    """The nodes of a fused graph in the blocks of the network that it came from; blocks left empty are not there."""
    assert graph.plan is not None
    fused = {node.name: node.number for node in graph.nodes}
    names = {node.number: node.name for node in graph.plan.origin.nodes}
    at = {number: fused[name] for number, name in names.items() if name in fused}
    return list(_kept(tree(graph.plan.origin), at))


def _kept(items: Iterable[Item], at: Mapping[int, int]) -> Iterable[Item]:
    """The items with the nodes that `at` knows, under their numbers there."""
    for item in items:
        match item:
            case Leaf():
                if item.node in at:
                    yield Leaf(at[item.node])
            case Nest():
                inside = list(_kept(item.items, at))
                if inside:
                    yield replace(item, items=inside)
            case Fork():
                merge = Leaf(at[item.merge.node]) if item.merge is not None and item.merge.node in at else None
                branches = [list(_kept(branch, at)) for branch in item.branches]
                if merge is not None or any(branches):
                    yield Fork(branches, merge)
