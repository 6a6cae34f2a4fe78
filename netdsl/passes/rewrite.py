"""The edits that passes make: nodes replaced, nodes gone, values that others take the place of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from netdsl.graph import Graph, Node, Output
from netdsl.ops.merge import Concat
from netdsl.scope import Value
from netdsl.step import Plan


def plan_of(graph: Graph) -> Plan:
    """The graph's plan; that of a network as written has nothing in it but the network."""
    return graph.plan or Plan(graph)


@dataclass(eq=False)
class Rewrite:
    """Edits to `graph`, all in its own numbers; `done` makes the new graph.

    `moved` says which value is read in place of one that is gone. A node that takes part of another's work stands at
    the place of the last of them, where all its operands are known.
    """

    graph: Graph
    nodes: dict[int, Node] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    moved: dict[Value, Value] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    views: dict[str, str] = field(default_factory=dict)

    def done(self, **changes: Any) -> Graph:
        """The graph with the edits made; `changes` are further fields of it, in its old numbers.

        Values that moved are written elsewhere, and so the places of all values are forgotten.
        """
        graph, plan = self.graph, plan_of(self.graph)
        told = self.reasons.items() <= plan.reasons.items() and self.views.items() <= plan.views.items()
        if told and not (self.nodes or self.gone or changes):
            return graph
        outputs: tuple[Output, ...] = changes.pop("outputs", graph.outputs)
        kept = [self.nodes.get(node.number, node) for node in graph.nodes if node.number not in self.gone]
        number = {node.number: i for i, node in enumerate(kept)}

        def resolve(value: Value) -> Value:
            value = self.moved.get(value, value)
            return Value(number[value.node], value.index)

        def nested(value: Any) -> Any:
            return resolve(value) if isinstance(value, Value) else tuple(map(nested, value))

        nodes = tuple(
            replace(node, number=i, operands=tuple(map(resolve, node.operands))) for i, node in enumerate(kept)
        )
        names = {node.name for node in nodes}
        views = {name: why for name, why in {**plan.views, **self.views}.items() if name in names}
        places = {}
        if self.moved:
            concats = {node.name for node in nodes if isinstance(node.op, Concat)}
            views = {name: why for name, why in views.items() if name not in concats}
        else:
            places = {resolve(value): place for value, place in plan.places.items() if value.node in number}
        return replace(
            graph,
            nodes=nodes,
            inputs=tuple(number[i] for i in graph.inputs if i in number),
            targets=tuple(number[i] for i in graph.targets if i in number),
            outputs=tuple(replace(output, value=nested(output.value)) for output in outputs),
            loss=None if (loss := changes.pop("loss", graph.loss)) is None else resolve(loss),
            plan=plan.but(
                dropped=merged(plan.dropped, self.dropped),
                reasons=merged(plan.reasons, self.reasons),
                views=views,
                places=places,
            ),
            **changes,
        )


def merged(old: Mapping[str, str], new: Mapping[str, str]) -> Mapping[str, str]:
    return {**old, **new} if new else old
