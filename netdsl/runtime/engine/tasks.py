"""From a fused graph to tasks: what each step reads and writes, and how that will lie in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor

from netdsl.graph import Graph, Node, leaves
from netdsl.ops.op import Classes
from netdsl.passes.concats import VIRTUAL
from netdsl.runtime.engine.task import Task
from netdsl.runtime.executor import form_of
from netdsl.runtime.folding import Weights
from netdsl.runtime.geometry import known
from netdsl.runtime.prepared import prepare
from netdsl.runtime.values import Values, channels_together
from netdsl.scope import Value
from netdsl.step import Place, walk

META = torch.device("meta")


class Sketch:
    """The values of `graph` for one batch as tensors without memory, and with them the task of each step.

    Where only kernels of others compute (`joins`), a concatenation that nobody makes is made after all.
    """

    def __init__(self, graph: Graph, batch: int, dtype: torch.dtype, device: torch.device, *, joins: bool) -> None:
        self.graph, self.batch, self.dtype, self.device = graph, batch, dtype, device
        plan = graph.plan
        views = plan.views if plan is not None else {}
        self.views = {name for name, why in views.items() if not (why == VIRTUAL and joins)}
        self.places = plan.places if plan is not None else {}
        self.values = Values(graph, batch, dtype, META)
        for number in graph.inputs:
            node = graph.nodes[number]
            whole = torch.int64 if isinstance(node.shape, Classes) else dtype
            self.values.hold(Value(number), (_meta((batch, *known(node.shape)), whole),))
        self.sources: dict[int, tuple[tuple[Tensor, ...], ...]] = {}
        self.outs: dict[int, Tensor] = {}
        for node in graph.nodes:
            if node.op is not None:
                self._step(node)

    def taken(self, given: Tensor) -> Tensor:
        """An input as the steps read it."""
        return channels_together(given.to(self.dtype)) if given.is_floating_point() else given

    def rooms(self, values: Iterable[Value]) -> list[Tensor]:
        """Uninitialised memory for values, each by itself."""
        sketched = [self.values.tensor(value) for value in values]
        return [torch.empty_strided(x.shape, x.stride(), dtype=x.dtype, device=self.device) for x in sketched]

    def ends(self) -> list[Value]:
        """The outputs that a kernel computes in memory of their own."""
        values = [value for output in self.graph.outputs if not output.aux for value in leaves(output.value)]
        alone = {node for node in self.outs if len(self.graph.nodes[node].shapes) == 1}
        return [value for value in dict.fromkeys(values) if value.node in alone and value not in self.places]

    def is_view(self, node: Node) -> bool:
        return node.name in self.views

    def _step(self, node: Node) -> None:
        if self.is_view(node):
            self.values.view(node)
            return
        self.sources[node.number] = tuple(self.values.sources(value) for value in node.operands)
        if form_of(self.graph, node) is not None:
            self.outs[node.number] = self.values.room(node)
        else:
            shapes = [(self.batch, *known(shape)) for shape in node.shapes]
            self.values.store(node, [_meta(shape, self.dtype) for shape in shapes])

    def task(self, node: Node, weights: Weights, precision: str) -> Task | None:
        """What is to be computed in `node`; None where only torch's own operators can."""
        form = form_of(self.graph, node)
        if form is None:
            return None
        shapes = {part.name: given for part, given, _ in walk(self.graph, node)}
        channels: Any = self.graph.shape(node.operands[form.source.slot])[0]
        step = prepare(form, channels, shapes, weights, self.device)
        sources = self.sources[node.number]
        residual = None if step.residual is None else self._one(sources[step.residual])
        # One operand may be both what is convolved and what is added.
        beside = None if step.residual == form.source.slot else step.residual
        spare = beside is not None and self.is_spare(node, beside)
        return Task(
            step, sources[form.source.slot], residual, self.outs[node.number], spare, self.dtype, self.device, precision
        )

    def place(self, node: Node) -> Place | None:
        """Where what a node yields begins, if that is in a wider buffer."""
        return self.places.get(Value(node.number))

    def is_spare(self, node: Node, slot: int) -> bool:
        """Whether a step may write over the operand in `slot`: a tensor of its own, that nobody reads afterwards.

        What another step computed is one, unless it lies in a wider buffer, something is a view of it, or it is read
        twice here.
        """
        value = node.operands[slot]
        maker = self.graph.nodes[value.node]
        uses = self.graph.uses[value]
        return (
            maker.number in self.outs
            and len(maker.shapes) == 1
            and value not in self.places
            and all(0 <= use.node <= node.number for use in uses)
            and sum(use.node == node.number for use in uses) == 1
            and not any(self._passes_on(self.graph.nodes[use.node]) for use in uses if use.node >= 0)
        )

    def _passes_on(self, node: Node) -> bool:
        """Whether what a node yields may be the memory that it read."""
        return node.number not in self.outs

    def _one(self, sources: tuple[Tensor, ...]) -> Tensor:
        return sources[0] if len(sources) == 1 else torch.cat(sources, 1)


def dead_after(graph: Graph) -> dict[int, list[Value]]:
    """For each node the values that nobody needs after it: those it read last, and those it made for nobody."""
    kept = {value for output in graph.outputs for value in leaves(output.value)}
    last: dict[Value, int] = {}
    for node in graph.nodes:
        last.update({Value(node.number, index): node.number for index in range(len(node.shapes))})
        last.update(dict.fromkeys(node.operands, node.number))
    found: dict[int, list[Value]] = {}
    for value, number in last.items():
        if value not in kept:
            found.setdefault(number, []).append(value)
    return found


def operators(graph: Graph) -> Iterator[Node]:
    return (node for node in graph.nodes if node.op is not None)


def _meta(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    if len(shape) < 3:
        return torch.empty(shape, dtype=dtype, device=META)
    return torch.empty((shape[0], *shape[2:], shape[1]), dtype=dtype, device=META).movedim(-1, 1)
