"""What a network consists of and costs, as data, as JSON and as a table."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from netdsl import cost
from netdsl.analysis.arithmetic import arithmetic
from netdsl.analysis.cost import NOTHING, Cost, costs
from netdsl.analysis.count import Count
from netdsl.analysis.receptive_field import ReceptiveField, receptive_fields
from netdsl.analysis.table import table
from netdsl.blocks import Block, blocks
from netdsl.graph import Graph, leaves
from netdsl.ops.op import Shape
from netdsl.source import Span


@dataclass(frozen=True, slots=True)
class Row:
    """A node, or a block with what is inside it; `rows` is empty for a node.

    `name` is its path, `op` the operator's name or empty, `text` the operator or the block's call,
    `shapes` those of the outputs, `how` the arithmetic behind the figures.
    """

    name: str
    op: str
    text: str
    shapes: tuple[Shape, ...]
    cost: Cost
    field: ReceptiveField | None
    site: Span | None
    how: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()

    def json(self) -> dict[str, Any]:
        field = self.field
        return {
            "name": self.name,
            "op": self.op,
            "shape": _several([shape_json(shape) for shape in self.shapes]),
            "params": self.cost.params,
            "macs": self.cost.macs.number,
            "receptive_field": None if field is None else list(field.extents),
            "line": None if self.site is None else self.site.line,
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of a network.

    `params` train, shared ones counted once, and `frozen` do not; `inference_params` leaves out what only aux outputs
    need; `macs` is one forward pass of one sample at inference, None where it depends on the size of an input (then
    `counts["macs"]` says how). `rows` are the nodes in their blocks, `nodes` the same without the blocks.
    """

    network: str
    params: int
    inference_params: int
    frozen: int
    inputs: dict[str, Shape]
    outputs: dict[str, tuple[Shape, ...]]
    rows: tuple[Row, ...]
    nodes: tuple[Row, ...]
    counts: dict[str, Count] = field(default_factory=dict)
    depth: int | None = None
    how: bool = False

    @property
    def macs(self) -> int | None:
        return self.counts["macs"].number

    def as_dict(self) -> dict[str, Any]:
        """What `to_json` writes."""
        return {
            "network": self.network,
            "params": self.params,
            "inference_params": self.inference_params,
            "frozen": self.frozen,
            "macs": self.macs,
            "inputs": {name: shape_json(shape) for name, shape in self.inputs.items()},
            "outputs": {name: _several([shape_json(s) for s in shapes]) for name, shapes in self.outputs.items()},
            "nodes": [row.json() for row in self.nodes if row.op],
        }

    def to_json(self) -> str:
        """One object: shapes are lists without the batch, of numbers and of texts for extents that are not known;
        `macs` is null where it depends on such an extent. `receptive_field` has an extent for each spatial axis of the
        input, null where all of the axis is seen; it is null where a node reads no input."""
        entries = []
        for key, value in self.as_dict().items():
            text = json.dumps(value, ensure_ascii=False)
            if key == "nodes":
                text = "[\n" + ",\n".join(f"    {json.dumps(node, ensure_ascii=False)}" for node in value) + "\n  ]"
            entries.append(f"  {json.dumps(key)}: {text}")
        return "{\n" + ",\n".join(entries) + "\n}"

    def to_text(self, width: int = 120, depth: int | None = None, how: bool | None = None, color: bool = False) -> str:
        """The table. `depth` is how deep blocks are opened (all where None), `how` adds the arithmetic."""
        return table(self, width, self.depth if depth is None else depth, self.how if how is None else how, color)

    @property
    def text(self) -> str:
        """The table as it was asked for, 120 wide."""
        return self.to_text()

    def __str__(self) -> str:
        return self.text


def summarise(graph: Graph, *, depth: int | None = None, how: bool = False) -> Summary:
    """The summary of a graph; `depth` and `how` are what its text shows unless told otherwise."""
    figures = costs(graph)
    fields = receptive_fields(graph)
    rows = tuple(
        Row(
            node.name,
            node.op.name if node.op else node.role,
            node.op.label() if node.op else node.role,
            node.shapes,
            figures[node.number],
            fields[node.number],
            node.spans.whole,
            tuple(arithmetic(graph, node)) if how else (),
        )
        for node in graph.nodes
    )
    inference = sum((figures[number] for number in cost.inference(graph)), NOTHING)
    return Summary(
        network=graph.name,
        params=cost.params(graph),
        inference_params=cost.inference_params(graph),
        frozen=cost.frozen(graph),
        inputs={graph.nodes[number].name: graph.nodes[number].shape for number in graph.inputs},
        outputs={o.name: tuple(graph.shape(v) for v in leaves(o.value)) for o in graph.outputs},
        rows=_grouped(graph, blocks(graph), rows),
        nodes=tuple(row for row in rows if row.op not in ("input", "target")),
        counts={"macs": inference.macs, "activations": inference.elements},
        depth=depth,
        how=how,
    )


def _grouped(graph: Graph, block: Block, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    return tuple(
        Row(
            name=member.path,
            op="",
            text=member.head,
            shapes=() if member.result is None else (graph.shape(member.result),),
            cost=sum((rows[number].cost for number in member.nodes()), NOTHING),
            field=None if member.result is None else rows[member.result.node].field,
            site=member.site,
            rows=_grouped(graph, member, rows),
        )
        if isinstance(member, Block)
        else rows[member]
        for member in block.members
    )


def shape_json(shape: Shape) -> list[int | str]:
    """Extents as numbers, or as text where they are not known."""
    return [int(extent) if isinstance(extent, int) else str(extent) for extent in shape]


def _several(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values
