"""Every step in its place: a fused graph and the network as written in lockstep.

Before each step its operands are known to both; after it the results are compared, and then replaced by fresh signed
numbers, in the memory where they lie. So an error shows at the step that makes it and nowhere else, and what is read
through views, crops and channels of wider buffers is proved with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from netdsl.graph import Graph, Node
from netdsl.runtime.executor import Executor, last_readers
from netdsl.runtime.folding import Weights
from netdsl.runtime.proof import draw
from netdsl.runtime.proof.gates import GATES, NONE, WRONG, Error, measure
from netdsl.runtime.proof.reference import Reference, Result
from netdsl.runtime.proof.report import Check, label, place
from netdsl.runtime.values import Values, channels_together
from netdsl.scope import Value
from netdsl.step import Step, parts

WAY = "algebra float64"


def prove_steps(
    fused: Graph, origin: Graph, weights: Weights, inputs: list[Tensor], tell: Callable[[str], None]
) -> Iterator[Check]:
    """A check for every step of `fused`, and for every view. All extents are known; `tell` hears which step is on."""
    executor = Executor(fused, weights, "algebra")
    reference = Reference(origin, fused, weights)
    values = executor.values(inputs)
    for number in fused.inputs:
        reference.given[Value(reference.numbers[fused.nodes[number].name])] = values.tensor(Value(number))
    lockstep = _Lockstep(executor, reference, values)
    for node in fused.nodes:
        if node.op is not None:
            tell(node.name)
            error, note = lockstep.step(node)
            yield Check(node.name, label(fused, node), place(node), WAY, error, GATES["float64"], note=note)


class _Lockstep:
    def __init__(self, executor: Executor, origin: Reference, values: Values) -> None:
        self.executor, self.origin, self.values = executor, origin, values
        self.graph = executor.graph
        self.forced: dict[Value, Tensor] = {}  # what the steps so far were made to yield, apart from the values' memory
        self.dying = last_readers(self.graph)

    def step(self, node: Node) -> tuple[Error, str]:
        """Compute a node both ways; how far apart they are, and what else is wrong."""
        torch.manual_seed(0)  # operators that draw numbers
        try:
            self.executor.step(node, self.values)
        except Exception as raised:  # a step that cannot be computed is a step that is wrong
            self._skip(node)
            return WRONG, f"{type(raised).__name__}: {raised}"
        together, note = NONE, self._overwritten(node)
        for value, result in self._results(node):
            wanted = self.origin.truth(result)
            error = measure(self.values.tensor(value), wanted)
            together = together.and_of(error)
            self._force(node, value, result, wanted)
            if node.name in self.executor.views and error.over(GATES["float64"]) > 1:
                self.values.hold(value, (channels_together(wanted),))  # so that its readers can be proved
        for value in self.dying.get(node.number, ()):
            self.values.drop(value)
            self.forced.pop(value, None)
        return (WRONG, note) if note else (together, "")

    def _results(self, node: Node) -> Iterator[tuple[Value, Result]]:
        """Each value that a node yields, and what it is in the network as written."""
        assert node.op is not None
        if isinstance(node.op, Step):
            for index, part in enumerate(node.op.results):
                yield Value(node.number, index), self.origin.result(node.op.parts[part].name)
        else:
            for index in range(len(node.shapes)):
                yield Value(node.number, index), self.origin.result(parts(node)[0].name, index)

    def _force(self, node: Node, value: Value, result: Result, wanted: Tensor) -> None:
        """Go on from fresh numbers, in the same memory."""
        if node.name in self.executor.views:
            return  # what it shows was fresh already
        fresh = self.origin.give(result, draw.value(node_seed(node, value), wanted.shape), wanted)
        held = self.values.sources(value)
        in_place = node.number in self.executor.prepared or value in self.values.places
        if in_place and held[0].shape == fresh.shape:
            held[0].copy_(fresh)
        else:
            self.values.hold(value, (channels_together(fresh.clone()),))
        self.forced[value] = fresh

    def _overwritten(self, node: Node) -> str:
        """What is wrong with the values that were there before: a step may write its own alone."""
        buffers = {
            self.values.places[value].buffer
            for value in (Value(node.number, index) for index in range(len(node.shapes)))
            if value in self.values.places
        }
        for value, fresh in self.forced.items():
            near = value in node.operands or (
                value in self.values.places and self.values.places[value].buffer in buffers
            )
            if near and not torch.equal(self.values.tensor(value), fresh):
                self.values.hold(value, (channels_together(fresh.clone()),))  # so that its readers can be proved
                return f"it overwrites what `{self.graph.nodes[value.node].name}` yields"
        return ""

    def _skip(self, node: Node) -> None:
        """Give the results of a step that failed, so that the others can be proved."""
        for value, result in self._results(node):
            wanted = self.origin.truth(result)
            self.values.hold(value, (channels_together(self.origin.give(result, wanted, wanted)),))


def node_seed(node: Node, value: Value) -> str:
    return f"{node.name}[{value.index}]"
