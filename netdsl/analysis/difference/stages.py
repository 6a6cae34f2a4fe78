"""What each pass did to a graph, told by the nodes of the network as written: joined, gone, changed, marked."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from netdsl.analysis.summary import object_of_lines
from netdsl.graph import Graph, Node
from netdsl.scope import Value
from netdsl.step import Step, kernels, parts

MARKS = {"joined": "=", "gone": "-", "changed": "~", "marked": "·"}


@dataclass(frozen=True, slots=True)
class Change:
    """`kind` is "joined" (`before` are one node now), "gone" (`after` says why), "changed" (the node computes or reads
    something else) or "marked" (`after` says what is known of it). Names are those of the network as written."""

    kind: str
    before: tuple[str, ...]
    after: str

    def __str__(self) -> str:
        return f"{MARKS[self.kind]} {' + '.join(self.before)}" + (f": {self.after}" if self.after else "")


@dataclass(frozen=True, slots=True)
class Stage:
    """One pass: what it is for, in the first sentence of its docstring, and the kernels that are left behind it."""

    name: str
    purpose: str
    changes: tuple[Change, ...]
    kernels: int


@dataclass(frozen=True, slots=True)
class Stages:
    """A network on its way through the passes, which began with `kernels` operators."""

    network: str
    kernels: int
    stages: tuple[Stage, ...]

    def as_dict(self) -> dict[str, Any]:
        """What `to_json` writes."""
        return {
            "network": self.network,
            "kernels": self.kernels,
            "passes": [
                {
                    "pass": stage.name,
                    "kernels": stage.kernels,
                    "changes": [
                        {"kind": change.kind, "nodes": list(change.before), "after": change.after}
                        for change in stage.changes
                    ],
                }
                for stage in self.stages
            ],
        }

    def to_json(self) -> str:
        """One object, with an entry for each pass in their order."""
        return object_of_lines(self.as_dict())

    def to_text(self, width: int = 120) -> str:
        """Each pass with what it did, a line for each change; what is wider than `width` is wrapped."""
        lines = [f"{self.network}: {self.kernels} kernels"]
        for stage in self.stages:
            lines += ["", f"{stage.name}: {stage.purpose}" if stage.purpose else stage.name]
            lines += [f"  {change}" for change in stage.changes] or ["  nothing to do"]
            lines.append(f"  {stage.kernels} kernels")
        return "\n".join(textwrap.fill(line, max(width, 20), subsequent_indent="      ") for line in lines)

    def __str__(self) -> str:
        return self.to_text()


def stage(name: str, purpose: str, before: Graph, after: Graph) -> Stage:
    """What happened from `before` to `after`."""
    changes = (*_joined(before, after), *_gone(before, after), *_changed(before, after), *_marked(before, after))
    return Stage(name, purpose, changes, len(kernels(after)))


def _names(node: Node) -> tuple[str, ...]:
    return tuple(part.name for part in parts(node)) or (node.name,)


def _joined(before: Graph, after: Graph) -> Iterator[Change]:
    home = {name: node.name for node in before.nodes for name in _names(node)}
    for node in after.nodes:
        if len({home.get(name, name) for name in _names(node)}) > 1:
            yield Change("joined", _names(node), "")


def _gone(before: Graph, after: Graph) -> Iterator[Change]:
    left = {name for node in after.nodes for name in _names(node)}
    reasons: Mapping[str, str] = after.plan.dropped if after.plan is not None else {}
    for node in before.nodes:
        for name in _names(node):
            if name not in left:
                yield Change("gone", (name,), reasons.get(name, ""))


def _changed(before: Graph, after: Graph) -> Iterator[Change]:
    """Nodes with the same parts that compute otherwise, or read other values than those that are left of theirs."""
    left = {name for node in after.nodes for name in _names(node)}
    known = {frozenset(_names(node)): node for node in before.nodes}
    for node in after.nodes:
        old = known.get(frozenset(_names(node)))
        if old is None:
            continue
        reads, read = _read(after, node), _read(before, old)
        if reads != read and left.issuperset(read):
            yield Change("changed", _names(node), f"reads {', '.join(reads)} in place of {', '.join(read)}")
        elif node.op != old.op:
            yield Change("changed", _names(node), "")


def _read(graph: Graph, node: Node) -> list[str]:
    return [_yielding(graph, value) for value in node.operands]


def _yielding(graph: Graph, value: Value) -> str:
    """The name of the node, or of the part of a step, that yields a value."""
    node = graph.nodes[value.node]
    return node.op.parts[node.op.results[value.index]].name if isinstance(node.op, Step) else node.name


def _marked(before: Graph, after: Graph) -> Iterator[Change]:
    views, old = (graph.plan.views if graph.plan is not None else {} for graph in (after, before))
    for name, why in views.items():
        if name not in old:
            yield Change("marked", (name,), why)
    places, was = (graph.plan.places if graph.plan is not None else {} for graph in (after, before))
    for value, place in places.items():
        if value not in was:
            yield Change("marked", (_yielding(after, value),), f"channels {place.offset}.. of buffer {place.buffer}")
