"""What was fused, what was not and why, and what it saves: kernels, and bytes that they move."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from netdsl.cost import inference
from netdsl.graph import OUTPUT, Graph, Node
from netdsl.scope import Value
from netdsl.step import kernels, parts
from netdsl.traffic import BYTES, bytes_moved
from netdsl.view import nothing, view

# What the table answers for: whatever could be part of a step.
FUSABLE = frozenset({"conv", "norm", "activation", "linear", "pool"})  # families of operators
FUSABLE_NAMES = frozenset({"add", "concat"})


@dataclass(frozen=True, slots=True)
class Group:
    """A kernel with the nodes of the network that it computes, or nodes that no kernel computes (then `step` is None).

    `fused` says that the nodes cost no launch of their own; `reason` why it is not more, or why nothing is launched.
    """

    step: str | None
    nodes: tuple[str, ...]
    fused: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """A node of the network: the numbers of the kernels that compute it, from 1; none where none does."""

    name: str
    operator: str
    kernels: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Fusion:
    """One forward pass at inference of `batch` samples of `dtype`: kernels launched and bytes that they move, before
    (an operator, a kernel) and after. Bytes are None where they depend on the size of an input.

    Bytes are those of the values that a kernel reads and writes, each once, and of its weights; what stays in a cache
    between two kernels is counted as moved.
    """

    network: str
    batch: int
    dtype: str
    nodes: int
    steps_before: int
    steps: int
    bytes_before: int | None
    bytes_after: int | None
    groups: tuple[Group, ...]
    rows: tuple[Row, ...]
    training: int  # nodes that only aux outputs and the loss need

    def to_json(self) -> str:
        """One object, as docs/figures.md describes it."""
        head = {
            "network": self.network,
            "batch": self.batch,
            "dtype": self.dtype,
            "nodes": self.nodes,
            "steps_before": self.steps_before,
            "steps": self.steps,
            "bytes_before": self.bytes_before,
            "bytes_after": self.bytes_after,
        }
        lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
        groups = [{"step": g.step, "nodes": list(g.nodes), "fused": g.fused, "reason": g.reason} for g in self.groups]
        listed = ",\n".join(f"    {json.dumps(group, ensure_ascii=False)}" for group in groups)
        return "{\n" + ",\n".join([*lines, '  "groups": [\n' + listed + "\n  ]"]) + "\n}"

    def to_text(self) -> str:
        """The table: every node that inference needs, in order, and the totals."""
        head = ("node", "operator", "kernel", "why not further, or why none")
        body = [(r.name, r.operator, ", ".join(map(str, r.kernels)) or "–", r.reason) for r in self.rows]
        widths = [max(len(row[i]) for row in (head, *body)) for i in range(3)]
        lines = [
            "  ".join([row[0].ljust(widths[0]), row[1].ljust(widths[1]), row[2].rjust(widths[2]), row[3]]).rstrip()
            for row in (head, *body)
        ]
        rule = "─" * max(map(len, lines))
        return "\n".join([lines[0], rule, *lines[1:], rule, *self._totals()])

    def _totals(self) -> Iterator[str]:
        yield f"{_count(self.steps, 'kernel')} for {_count(self.nodes, 'node')}; unfused {self.steps_before}"
        size = f"at batch {self.batch} in {self.dtype}"
        if self.bytes_before is None or self.bytes_after is None:
            yield f"bytes {size} depend on the size of the input: give it with --input"
        else:
            yield f"{_bytes(self.bytes_after)} moved {size}; unfused {_bytes(self.bytes_before)}"
        if self.training:
            yield f"{_count(self.training, 'node')} more, which only training needs"

    def __str__(self) -> str:
        return self.to_text()


def fusion(fused: Graph, *, batch: int = 1, dtype: str = "fp16") -> Fusion:
    """What passes made of a network, from the graph that they made."""
    assert fused.plan is not None
    origin = fused.plan.origin
    needed = [node for number in inference(origin) if (node := origin.nodes[number]).op is not None]
    unfused = [node for node in needed if not _computes_nothing(origin, node)]
    steps = kernels(fused)
    return Fusion(
        origin.name,
        batch,
        dtype,
        len(needed),
        len(unfused),
        len(steps),
        bytes_moved(origin, unfused, batch, BYTES[dtype]),
        bytes_moved(fused, steps, batch, BYTES[dtype]),
        tuple(_groups(fused, steps, needed)),
        tuple(_rows(fused, steps, needed)),
        sum(node.op is not None for node in origin.nodes) - len(needed),
    )


def _computes_nothing(graph: Graph, node: Node) -> bool:
    shapes = graph.operand_shapes(node)
    return node.op is not None and bool(nothing(node.op, shapes) or view(node.op, shapes))


def _groups(fused: Graph, steps: tuple[Node, ...], needed: list[Node]) -> Iterator[Group]:
    assert fused.plan is not None
    for node in steps:
        names = tuple(part.name for part in parts(node))
        reasons = dict.fromkeys(f"`{name}`: {why}" for name in names if (why := _reason(fused, node, name)))
        yield Group(node.name, names, len(names) > 1, "; ".join(reasons) or None)
    for name, why in fused.plan.views.items():
        yield Group(None, (name,), True, why)
    kept = {node.name for node in needed}
    for name, why in fused.plan.dropped.items():
        if name in kept:
            yield Group(None, (name,), True, why)


def _rows(fused: Graph, steps: tuple[Node, ...], needed: list[Node]) -> Iterator[Row]:
    assert fused.plan is not None
    places: dict[str, list[int]] = {}
    within: dict[str, Node] = {}
    for number, step in enumerate(steps, 1):
        for part in parts(step):
            places.setdefault(part.name, []).append(number)
            within[part.name] = step
    for node in needed:
        assert node.op is not None
        why = fused.plan.dropped.get(node.name) or fused.plan.views.get(node.name)
        why = why or _reason(fused, within[node.name], node.name)
        yield Row(node.name, node.op.label(), tuple(places.get(node.name, ())), why or "")


def _reason(fused: Graph, step: Node, name: str) -> str | None:
    """Why a node that could have been fused further was not; None where there is nothing to explain."""
    assert fused.plan is not None
    known = fused.plan.reasons.get(name)
    own = parts(step)
    if known or len(own) > 1:
        return known
    op = own[0].op
    if op.family not in FUSABLE and op.name not in FUSABLE_NAMES:
        return None
    if op.family in ("norm", "activation"):
        return f"no kernel of ours computes {op.name} together with something else"
    readers = [use for i in range(len(step.shapes)) for use in fused.uses.get(Value(step.number, i), ())]
    if any(use.node == OUTPUT for use in readers):
        return None
    for use in readers:
        reader = parts(fused.nodes[use.node])[0].name
        if reader in fused.plan.reasons:
            return f"`{reader}`, which reads it: {fused.plan.reasons[reader]}"
    return None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _bytes(number: int) -> str:
    return f"{number / 1e6:,.1f} MB" if number >= 1e6 else f"{number / 1e3:,.1f} kB"
