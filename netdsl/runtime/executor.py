"""Running a fused graph step by step: the plan, made to compute.

A step can be computed in three ways, which is how they are held against one another:

* `parts`: each part by torch's own operator, the way the module as written computes it;
* `algebra`: the fused form in torch, with the norms folded, in any dtype;
* `kernels`: the Triton kernels, on a GPU or in Triton's interpreter.

Values lie where the plan says: what it calls a view is one, and concatenations that are written in place copy nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

from netdsl import form
from netdsl.form import Epilogue, Form
from netdsl.graph import Graph, Node, leaves
from netdsl.ops.norm import Lrn
from netdsl.ops.op import Shape
from netdsl.plan.memory import memory
from netdsl.runtime import algebra
from netdsl.runtime.arena import Arena
from netdsl.runtime.folding import Weights
from netdsl.runtime.operators import compute
from netdsl.runtime.prepared import Prepared, Run, prepare
from netdsl.runtime.values import Values, channels_together, for_each, joined
from netdsl.scope import Value
from netdsl.step import Outer, Step, parts, walk

Backend: TypeAlias = Literal["parts", "algebra", "kernels"]


class Executor:
    """A fused `graph`, whose extents are all known, with `weights` by their paths in the module's state_dict.

    `precision` is what float32 is multiplied in by the kernels: ieee or tf32. With `reuse` values that are never needed
    at once share memory, as `netdsl.plan.memory` has them lie; without it each has its own, which is easier to look at.
    """

    def __init__(
        self,
        graph: Graph,
        weights: Weights,
        backend: Backend = "algebra",
        *,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str = "cpu",
        precision: str = "ieee",
        reuse: bool = False,
    ) -> None:
        self.graph, self.backend, self.dtype, self.device = graph, backend, dtype, torch.device(device)
        self.reuse = reuse
        self.weights = {
            path: tensor.detach().to(self.device, dtype if tensor.is_floating_point() else None)
            for path, tensor in weights.items()
        }
        self.views = graph.plan.views if graph.plan is not None else {}
        self.prepared: dict[int, tuple[Prepared, Run]] = {}
        for node in graph.nodes:
            found = form_of(graph, node) if backend != "parts" and node.name not in self.views else None
            if found is not None:
                shapes = {part.name: given for part, given, _ in walk(graph, node)}
                channels: Any = graph.shape(node.operands[found.source.slot])[0]
                step = prepare(found, channels, shapes, self.weights, self.device)
                self.prepared[node.number] = step, self._run(step, precision)
        self._last = last_readers(graph)

    def __call__(self, *inputs: Tensor) -> tuple[Any, ...]:
        """The outputs, in the order of the graph's; tuples where they are lists."""
        values = self.values(inputs)
        for node in self.graph.nodes:
            if node.op is not None:
                self.step(node, values)
            for value in self._last.get(node.number, ()):
                values.drop(value)
        return tuple(_nested(output.value, values) for output in self.graph.outputs if not output.aux)

    def values(self, inputs: Sequence[Tensor]) -> Values:
        """The values of a pass that begins with `inputs`."""
        batch, arena = len(inputs[0]), None
        if self.reuse:
            arena = Arena(memory(self.graph, batch, self.dtype.itemsize), self.dtype, self.device)
        values = Values(self.graph, batch, self.dtype, self.device, arena)
        for number, given in zip(self.graph.inputs, inputs, strict=True):
            tensor = given.to(self.device, self.dtype if given.is_floating_point() else None)
            values.hold(Value(number), (channels_together(tensor),))
        return values

    def step(self, node: Node, values: Values) -> None:
        """Compute one node, whose operands `values` holds, and hold its values."""
        if node.name in self.views:
            values.view(node)
            return
        operands = [values.sources(value) for value in node.operands]
        if node.number not in self.prepared:
            values.store(node, by_parts(self.graph, node, tuple(map(joined, operands)), self.weights))
            return
        prepared, run = self.prepared[node.number]
        operands = [for_each(sources, values.batch) for sources in operands]
        residual = None if prepared.residual is None else joined(operands[prepared.residual])
        run(operands[prepared.form.source.slot], residual, values.room(node))

    def _run(self, step: Prepared, precision: str) -> Run:
        if self.backend == "algebra":
            return partial(algebra.run, step)
        from netdsl.runtime import launchers

        return launchers.packed(step, self.dtype, precision)


def form_of(graph: Graph, node: Node) -> Form | None:
    """How a kernel reads a node; None where torch's operator computes it."""
    if isinstance(node.op, Lrn):  # a kernel that nothing is fused with
        return Form(Outer(0), (), None, parts(node), (Epilogue(),))
    return form.form_of(graph, node)


def by_parts(graph: Graph, node: Node, operands: tuple[Tensor, ...], weights: Weights) -> list[Tensor]:
    """What a node yields, each of its parts computed by torch's own operator."""
    found: list[Any] = []
    for part, shapes, _ in walk(graph, node):
        given = tuple(operands[s.slot] if isinstance(s, Outer) else found[s.part] for s in part.operands)
        found.append(compute(part.op, shapes, given, weights_of(part.op, part.owner, shapes, weights)))
    if isinstance(node.op, Step):
        return [found[index] for index in node.op.results]
    (result,) = found
    return list(result) if isinstance(result, tuple | list) else [result]


def weights_of(op: Any, owner: str, shapes: tuple[Shape, ...], weights: Weights) -> dict[str, Tensor]:
    """The weights and buffers of an operator as it names them."""
    names = (*op.weights(*shapes), *op.buffers(*shapes))
    return {name: weights[f"{owner}.{name}" if name else owner] for name in names}


def last_readers(graph: Graph) -> dict[int, list[Value]]:
    """For each node the values that nobody needs after it."""
    kept = {value for output in graph.outputs for value in leaves(output.value)}
    last: dict[Value, int] = {}
    for node in graph.nodes:
        last.update(dict.fromkeys(node.operands, node.number))
    found: dict[int, list[Value]] = {}
    for value, number in last.items():
        if value not in kept:
            found.setdefault(number, []).append(value)
    return found


def _nested(value: Any, values: Values) -> Any:
    return values.tensor(value) if isinstance(value, Value) else tuple(_nested(part, values) for part in value)
