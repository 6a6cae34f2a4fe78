"""The edits that passes make: nodes replaced, nodes gone, values that others take the place of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from netdsl.graph import Graph, Node, Output
from netdsl.ops.merge import Concat
from netdsl.scope import Value
from netdsl.step import Plan, untraced

NOR = "it can be no prologue: "


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
    dropped: dict[str, str] = field(default_factory=dict)
    views: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)  # nodes whose reasons are none any more

    def refuse(self, name: str, behind: str = "", ahead: str = "") -> None:
        """Say why a node did not join what is computed before it, `behind` that, or what reads it, `ahead` of that.
        What was said first stays: it was about the network more as it was written."""
        was_behind, found, was_ahead = plan_of(self.graph).reasons.get(name, "").partition(NOR)
        nor = [NOR + (was_ahead or ahead)] if ahead or found else []
        self.reasons[name] = "; ".join(filter(None, (was_behind.removesuffix("; ") or behind, *nor)))

    def done(self, **changes: Any) -> Graph:
        """The graph with the edits made; `changes` are further fields of it, in its old numbers.

        Where values moved, or one that had a place is gone, the places of all are forgotten, and must be found anew.
        """
        if self.graph.plan is not None and self._changes_nothing() and not changes:
            return self.graph
        graph, plan = self.graph, plan_of(self.graph)
        first = graph.plan is None  # from here on nobody asks where numbers came from
        kept = [self.nodes.get(node.number, node) for node in graph.nodes if node.number not in self.gone]
        number = {node.number: i for i, node in enumerate(kept)}

        def resolve(value: Value) -> Value:
            value = self.moved.get(value, value)
            return Value(number[value.node], value.index)

        def nested(value: Any) -> Any:
            return resolve(value) if isinstance(value, Value) else tuple(map(nested, value))

        outputs: tuple[Output, ...] = changes.pop("outputs", graph.outputs)
        loss: Value | None = changes.pop("loss", graph.loss)
        names = {node.name for node in kept}
        views = {name: why for name, why in {**plan.views, **self.views}.items() if name in names}
        places = {}
        if self.moved or any(value.node not in number for value in plan.places):
            views = {name: why for name, why in views.items() if name not in concats(graph)}
        else:
            places = {resolve(value): place for value, place in plan.places.items()}
        settled = self.settled | self.dropped.keys()
        return replace(
            graph,
            nodes=tuple(_changed(node, i, tuple(map(resolve, node.operands)), first) for i, node in enumerate(kept)),
            inputs=tuple(number[i] for i in graph.inputs if i in number),
            targets=tuple(number[i] for i in graph.targets if i in number),
            outputs=tuple(replace(output, value=nested(output.value)) for output in outputs),
            loss=None if loss is None else resolve(loss),
            plan=plan.but(
                dropped={**plan.dropped, **self.dropped},
                views=views,
                places=places,
                reasons={name: why for name, why in {**plan.reasons, **self.reasons}.items() if name not in settled},
            ),
            **changes,
        )

    def _changes_nothing(self) -> bool:
        plan = plan_of(self.graph)
        return (
            not self.nodes
            and not self.gone
            and self.views.items() <= plan.views.items()
            and self.reasons.items() <= plan.reasons.items()
        )


def _changed(node: Node, number: int, operands: tuple[Value, ...], plain: bool) -> Node:
    if plain:
        op, shapes = untraced(node.op), untraced(node.shapes)
        return replace(node, number=number, operands=operands, op=op, shapes=shapes)
    same = number == node.number and operands == node.operands
    return node if same else replace(node, number=number, operands=operands)


def concats(graph: Graph) -> frozenset[str]:
    """The names of the concats."""
    return frozenset(node.name for node in graph.nodes if isinstance(node.op, Concat))
