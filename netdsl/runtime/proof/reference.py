"""The truth: the network as written, node by node by torch's own operators, from wherever its values are given."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from netdsl.form import POOLS
from netdsl.graph import Graph
from netdsl.ops.op import Shape
from netdsl.runtime.executor import weights_of
from netdsl.runtime.folding import Weights
from netdsl.runtime.operators import compute
from netdsl.scope import Value
from netdsl.step import parts

SEED = 0  # of operators that draw numbers


class Result(NamedTuple):
    """What a step yields, in the network as written: `value`, or what node `then` makes of it alone, where a pass put
    an activation in front of the pool that it follows."""

    value: Value
    then: int | None = None


class Reference:
    """Values of `origin`, a network before any pass, for comparison with `fused`, which passes made of it. All extents
    are known. `given` values are taken as they are, and what is asked for is computed from them."""

    def __init__(self, origin: Graph, fused: Graph, weights: Weights) -> None:
        self.graph, self.weights = origin, weights
        self.numbers = {node.name: node.number for node in origin.nodes}
        self.given: dict[Value, Tensor] = {}
        self._before, self._behind = self._moved(fused)

    def result(self, name: str, index: int = 0) -> Result:
        """What a step yields whose last part is called `name`."""
        number = self.numbers[name]
        if number in self._before:  # an activation in front of its pool: it reads what the pool did
            return Result(self._before[number], number)
        return Result(Value(self._behind.get(number, number), index))

    def truth(self, result: Result) -> Tensor:
        """What a step should yield."""
        torch.manual_seed(SEED)
        value = self.value(result.value)
        return value if result.then is None else self._compute(result.then, (value,))[0]

    def give(self, result: Result, fresh: Tensor, wanted: Tensor) -> Tensor:
        """From now on take `fresh` for what a step yields (or what it would be, if `wanted` are no such numbers);
        returns what the step is to hold."""
        if not wanted.is_floating_point():
            fresh = wanted
        self.given[result.value] = fresh
        return fresh if result.then is None else self._compute(result.then, (fresh,))[0]

    def value(self, wanted: Value) -> Tensor:
        """A value as the given ones make it. KeyError where it needs an input that was not given."""
        found = dict(self.given)
        stack = [wanted]
        while stack:
            value = stack[-1]
            if value in found:
                stack.pop()
                continue
            node = self.graph.nodes[value.node]
            if node.op is None:
                raise KeyError(f"the input {node.name} was not given")
            missing = [operand for operand in node.operands if operand not in found]
            if missing:
                stack.extend(missing)
                continue
            for index, part in enumerate(self._compute(node.number, tuple(found[v] for v in node.operands))):
                found.setdefault(Value(node.number, index), part)
        return found[wanted]

    def _compute(self, number: int, operands: tuple[Tensor, ...]) -> list[Tensor]:
        node = self.graph.nodes[number]
        assert node.op is not None
        shapes: tuple[Shape, ...] = tuple(tuple(operand.shape[1:]) for operand in operands)
        if node.op.weights(*shapes) or node.op.buffers(*shapes) or any(type(s) is not tuple for s in node.shapes):
            shapes = self.graph.operand_shapes(node)
        result = compute(node.op, shapes, operands, weights_of(node.op, node.owner, shapes, self.weights))
        return list(result) if isinstance(result, tuple | list) else [result]

    def _moved(self, fused: Graph) -> tuple[dict[int, Value], dict[int, int]]:
        """Activations that were put in front of the pool that they follow, with what the pool reads; and these
        pools, with their activations."""
        plan = fused.plan
        dropped = plan.dropped if plan is not None else {}
        order = {part.name: place for place, part in enumerate(p for node in fused.nodes for p in parts(node))}
        before: dict[int, Value] = {}
        behind: dict[int, int] = {}
        for node in self.graph.nodes:
            if len(node.operands) != 1 or node.name not in order:
                continue
            pool = self.graph.nodes[node.operands[0].node]
            while pool.name in dropped and pool.operands:
                pool = self.graph.nodes[pool.operands[0].node]
            if isinstance(pool.op, POOLS) and order.get(pool.name, -1) > order[node.name]:
                before[node.number] = pool.operands[0]
                behind[pool.number] = node.number
        return before, behind
