"""What the page knows of a network: its nodes and blocks as a list of items, the edges between nodes, and the text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any, TypeAlias

from netdsl.emit.diagram.kinds import kind
from netdsl.emit.diagram.labels import operator_label, shortened
from netdsl.emit.diagram.tree import Fork, Item, Leaf, Nest, Run, every_node, tree
from netdsl.graph import Graph, Node, leaves
from netdsl.ops.op import show_shape
from netdsl.scope import Value
from netdsl.source import Span

Facts: TypeAlias = Iterable[tuple[str, str]]  # what the panel lists: `("parameters", "9,408")`

BOXES = 60  # as many at most are visible at first, where there is a choice
SOURCE_LINES = 20_000


def network(graph: Graph, facts: Mapping[str, Facts], depth: int | None = None) -> dict[str, Any]:
    """The data of the page, as JSON has it. An item's `parent` is the number of the block that it stands in."""
    items = _Items(graph, facts)
    items.add(tree(graph), None, 0)
    edges = [*items.reads(), *items.outputs()]
    items.close(depth)
    return {
        "network": {"label": graph.definition.head, "name": "", "facts": list(facts.get("", ()))},
        "items": items.found,
        "edges": edges,
        "source": graph.source.text.split("\n")[:SOURCE_LINES],
    }


class _Items:
    def __init__(self, graph: Graph, facts: Mapping[str, Facts]) -> None:
        self.graph, self.facts = graph, facts
        self.found: list[dict[str, Any]] = []
        self.nodes = every_node(graph)
        self.at: dict[int, int] = {}  # node -> its item
        self.broken = {len(graph.nodes) + i: broken.diagnostic for i, broken in enumerate(graph.broken)}

    def add(self, items: Iterable[Item], parent: int | None, depth: int) -> None:
        """Items of the tree, which stand in `parent` under `depth` blocks."""
        for item in items:
            match item:
                case Leaf():
                    self.node(self.nodes[item.node], parent)
                case Nest():
                    block = self.item(item.path, shortened(item.head), parent, "", item.site, block=True, depth=depth)
                    self.add(item.items, block, depth + 1)
                case Fork():
                    for branch in item.branches:
                        self.add(branch, parent, depth)
                    if item.merge is not None:
                        self.add([item.merge], parent, depth)
                case Run():
                    for turn in item.turns:
                        self.add(turn, parent, depth)

    def node(self, node: Node, parent: int | None) -> None:
        operands = tuple(self.graph.shape(value) for value in node.operands)
        label = operator_label(node.op, operands, node.shape if node.shapes else None) if node.op else node.role
        shape = ", ".join(map(show_shape, node.shapes))
        more: dict[str, Any] = {"kind": kind(node.op)}
        if node.number in self.broken:
            found = self.broken[node.number]
            more["error"] = f"{found.code}: {found.message}"
        self.at[node.number] = self.item(node.name, label, parent, shape, node.spans.whole, **more)

    def item(self, path: str, label: str, parent: int | None, shape: str, site: Span | None, **more: Any) -> int:
        here = site is not None and site.source is self.graph.source
        facts = [*self.facts.get(path, ())]
        if more.get("error"):
            facts.append(("error", more["error"]))
        if site is not None:
            facts.append(("text", f"{PurePath(site.source.name).name}:{site.line}"))
        self.found.append(
            {
                "name": path,
                "label": label,
                "parent": parent,
                "shape": shape,
                "line": site.line if site is not None and here else 0,
                "facts": facts,
                **more,
            }
        )
        return len(self.found) - 1

    def reads(self) -> Iterator[dict[str, Any]]:
        """An edge for each operand of each node."""
        for node in self.nodes:
            for slot, value in enumerate(node.operands):
                yield self._edge(value, self.at[node.number], slot, error=node.number in self.broken)

    def outputs(self) -> Iterator[dict[str, Any]]:
        """Each output is an item below everything, joined to the values that it holds."""
        for output in self.graph.outputs:
            values = leaves(output.value)
            shape = ", ".join(show_shape(self.graph.shape(value)) for value in values)
            label = "aux output" if output.aux else "output"
            at = self.item(output.name, label, None, shape, output.span, kind="data")
            for slot, value in enumerate(values):
                yield self._edge(value, at, slot)

    def _edge(self, value: Value, target: int, slot: int, error: bool = False) -> dict[str, Any]:
        shape = show_shape(self.graph.shape(value))
        edge = {"source": self.at[value.node], "index": value.index, "target": target, "slot": slot, "shape": shape}
        return edge | {"error": True} if error else edge

    def close(self, depth: int | None) -> None:
        """Close the blocks below `depth`, or below the depth to which there is room."""
        blocks = [item for item in self.found if item.get("block")]
        if depth is None:
            depth = 0
            while any(block["depth"] == depth for block in blocks) and self._visible(depth + 1) <= BOXES:
                depth += 1
        for block in blocks:
            block["closed"] = block["depth"] >= depth

    def _visible(self, depth: int) -> int:
        """How many items are seen where blocks are open to `depth`."""
        parents = (item["parent"] for item in self.found)
        return sum(1 for parent in parents if parent is None or self.found[parent]["depth"] < depth)
