"""What a network consists of and costs, as data, as JSON and as a table."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from netdsl import cost
from netdsl.analysis.arithmetic import arithmetic
from netdsl.analysis.cost import BYTES, NOTHING, Cost, costs
from netdsl.analysis.receptive_field import ReceptiveField, exceeding, receptive_fields
from netdsl.analysis.table import table
from netdsl.blocks import Block, blocks
from netdsl.graph import Broken, Graph, leaves
from netdsl.ops.op import Shape
from netdsl.source import Source, Span


@dataclass(frozen=True, slots=True)
class Row:
    """A node, or a block with what is inside it; `rows` is empty for a node.

    `name` is its path, `op` the operator's name or empty, `text` the operator or the block's call, `shapes` those of
    the outputs, `how` the arithmetic behind the figures. `cost` is all that it costs, `needed` what of it inference
    needs. `exceeds` says that its field is wider than the input; `broken` is the code of what is wrong with it.
    """

    name: str
    op: str
    text: str
    shapes: tuple[Shape, ...]
    cost: Cost
    needed: Cost
    field: ReceptiveField | None
    site: Span | None
    how: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    exceeds: bool = False
    broken: str = ""

    def json(self) -> dict[str, Any]:
        field = self.field
        elements = self.cost.elements.number
        return {
            "name": self.name,
            "op": self.op,
            "shape": _several([shape_json(shape) for shape in self.shapes]),
            "params": self.cost.params,
            "macs": self.cost.macs.number,
            "receptive_field": None if field is None else list(field.extents),
            "line": None if self.site is None else self.site.line,
            "receptive_field_min": None if field is None else list(field.least_extents),
            "exceeds_input": self.exceeds,
            "stride": None if field is None else [None if s is None else float(s) for s in field.strides],
            "memory": None if elements is None else BYTES * elements,
        }


@dataclass(frozen=True, slots=True)
class Total:
    """What all nodes of one operator cost at inference."""

    op: str
    nodes: int
    cost: Cost


@dataclass(frozen=True, slots=True, repr=False)
class Summary:
    """The figures of a network.

    `params` train, shared ones counted once, and `frozen` do not; `inference_params` leaves out what only aux outputs
    need; `macs` is one forward pass of one sample at inference, None where it depends on the size of an input (then
    `total.macs` says how). `rows` are the nodes in their blocks, `nodes` the same without the blocks. `totals` is what
    each operator costs at inference that has weights or MACs, `total` what everything does: the whole of all shares.
    `broken` says that the network has mistakes: then these are the figures of what could be made of it.
    """

    network: str
    source: Source
    params: int
    inference_params: int
    frozen: int
    inputs: dict[str, Shape]
    outputs: dict[str, tuple[Shape, ...]]
    rows: tuple[Row, ...]
    nodes: tuple[Row, ...]
    total: Cost
    totals: tuple[Total, ...]
    broken: bool = False
    depth: int | None = None
    how: bool = False

    @property
    def macs(self) -> int | None:
        return self.total.macs.number

    def shares(self, cost: Cost) -> tuple[float | None, float | None]:
        """The parts, from 0 to 1, that `cost` is of all parameters and of all MACs at inference."""
        macs, whole = cost.macs.number, self.macs
        return (
            cost.scalars / self.total.scalars if cost.scalars and self.total.scalars else None,
            macs / whole if macs and whole else None,
        )

    def as_dict(self) -> dict[str, Any]:
        """What `to_json` writes."""
        broken = {"broken": [{**row.json(), "code": row.broken} for row in self.nodes if row.broken]}
        return {
            "network": self.network,
            "params": self.params,
            "inference_params": self.inference_params,
            "frozen": self.frozen,
            "macs": self.macs,
            "inputs": {name: shape_json(shape) for name, shape in self.inputs.items()},
            "outputs": {name: _several([shape_json(s) for s in shapes]) for name, shapes in self.outputs.items()},
            "nodes": [row.json() for row in self.nodes if not row.broken],
            **(broken if self.broken else {}),
        }

    def to_json(self) -> str:
        """One object: shapes are lists without the batch, of numbers and of texts for extents that are not known;
        `macs` is null where it depends on such an extent. `receptive_field` has an extent for each spatial axis of the
        input, null where all of the axis is seen; it is null where a node reads no input."""
        return object_of_lines(self.as_dict())

    def to_text(self, width: int = 120, depth: int | None = None, how: bool | None = None, color: bool = False) -> str:
        """The table. `depth` is how deep blocks are opened (all where None), `how` adds the arithmetic."""
        return table(self, width, self.depth if depth is None else depth, self.how if how is None else how, color)

    def to_csv(self) -> str:
        """A line for each node, or block where `depth` ends, so that columns add up; figures without commas."""
        from netdsl.analysis.export import csv_of

        return csv_of(self)

    def to_markdown(self) -> str:
        """The table as GitHub shows it."""
        from netdsl.analysis.export import markdown_of

        return markdown_of(self)

    def to_html(self) -> str:
        """The table as part of a page: its blocks fold, without a script."""
        from netdsl.analysis.page import page

        return page(self)

    @property
    def text(self) -> str:
        """The table as it was asked for, 120 wide."""
        return self.to_text()

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<netdsl summary of {self.network}: {self.params:,} parameters, {self.total.macs} MACs>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.to_html(), "text/markdown": self.to_markdown()}


def summarise(
    graph: Graph,
    *,
    depth: int | None = None,
    how: bool = False,
    broken: bool = False,
    rows: tuple[Row, ...] | None = None,
) -> Summary:
    """The summary of a graph; `depth` and `how` are what its text shows unless told otherwise. `broken` says that the
    graph is only as far as it got, so that nobody knows what inference needs; `rows` are its `node_rows`, where
    somebody has them."""
    rows = node_rows(graph, how=how, broken=broken) if rows is None else rows
    failed = {part.node.name: _broken(part) for part in graph.broken}
    return Summary(
        network=graph.name,
        source=graph.source,
        params=cost.params(graph),
        inference_params=cost.inference_params(graph),
        frozen=cost.frozen(graph),
        inputs={graph.nodes[number].name: graph.nodes[number].shape for number in graph.inputs},
        outputs={o.name: tuple(graph.shape(v) for v in leaves(o.value)) for o in graph.outputs},
        rows=_grouped(graph, blocks(graph), rows, failed),
        nodes=(*(row for row in rows if row.op not in ("input", "target")), *failed.values()),
        total=sum((row.needed for row in rows), NOTHING),
        totals=_totals(rows),
        broken=broken,
        depth=depth,
        how=how,
    )


def node_rows(graph: Graph, *, how: bool = False, broken: bool = False) -> tuple[Row, ...]:
    """A row for every node, by number."""
    figures = costs(graph)
    fields = receptive_fields(graph)
    wide = exceeding(graph, fields)
    needed = set(range(len(graph.nodes)) if broken else cost.inference(graph))
    return tuple(
        Row(
            node.name,
            node.op.name if node.op else node.role,
            node.op.label() if node.op else node.role,
            node.shapes,
            figures[node.number],
            figures[node.number] if node.number in needed else NOTHING,
            fields[node.number],
            node.spans.whole,
            tuple(arithmetic(graph, node)) if how else (),
            exceeds=node.number in wide,
        )
        for node in graph.nodes
    )


def _totals(rows: Iterable[Row]) -> tuple[Total, ...]:
    """By operator, in the order of the text; those that have weights or MACs."""
    found: dict[str, Total] = {}
    for row in rows:
        if row.needed is not NOTHING:
            before = found.get(row.op, Total(row.op, 0, NOTHING))
            found[row.op] = Total(row.op, before.nodes + 1, before.cost + row.needed)
    return tuple(total for total in found.values() if total.cost.scalars or total.cost.macs)


def _grouped(graph: Graph, block: Block, rows: tuple[Row, ...], failed: dict[str, Row]) -> tuple[Row, ...]:
    return tuple(
        Row(
            name=member.path,
            op="",
            text=member.head,
            shapes=() if member.result is None else (graph.shape(member.result),),
            cost=sum((rows[number].cost for number in member.nodes()), NOTHING),
            needed=sum((rows[number].needed for number in member.nodes()), NOTHING),
            field=None if member.result is None else rows[member.result.node].field,
            site=member.site,
            rows=_grouped(graph, member, rows, failed),
            exceeds=member.result is not None and rows[member.result.node].exceeds,
        )
        if isinstance(member, Block)
        else failed[member.node.name]
        if isinstance(member, Broken)
        else rows[member]
        for member in block.members
    )


def _broken(part: Broken) -> Row:
    node = part.node
    assert node.op is not None
    return Row(
        node.name,
        node.op.name,
        node.op.label(),
        (),
        NOTHING,
        NOTHING,
        None,
        node.spans.whole,
        broken=part.diagnostic.code,
    )


def object_of_lines(value: dict[str, Any]) -> str:
    """An object as JSON, a line for each entry; lists of objects have a line for each of these."""
    entries = []
    for key, part in value.items():
        text = json.dumps(part, ensure_ascii=False)
        if isinstance(part, list) and part and isinstance(part[0], dict):
            text = "[\n" + ",\n".join(f"    {json.dumps(item, ensure_ascii=False)}" for item in part) + "\n  ]"
        entries.append(f"  {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(entries) + "\n}"


def shape_json(shape: Shape) -> list[int | str]:
    """Extents as numbers, or as text where they are not known."""
    return [int(extent) if isinstance(extent, int) else str(extent) for extent in shape]


def _several(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values
