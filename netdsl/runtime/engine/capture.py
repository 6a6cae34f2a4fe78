"""A program captured in a CUDA graph: one launch for the whole network.

What the kernels are told, tensor descriptors included, is recorded with them: nothing is looked up in a replay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from netdsl.runtime.engine import graphs
from netdsl.runtime.engine.calls import Slots
from netdsl.runtime.engine.head import Split
from netdsl.runtime.engine.program import Line, Program
from netdsl.runtime.engine.tuning import compile_together


class Uncaptured(Exception):
    """A program that no graph can hold; the message says which step, and why."""


class Captured:
    """`program` as a graph that reads inputs of its own; `example` has their shapes.

    A pass copies its inputs there, and leaves its outputs where the pass before it did. Raises Uncaptured.
    """

    def __init__(self, program: Program, example: Sequence[Tensor]) -> None:
        self.device = program.device
        self.inputs = [tensor.clone(memory_format=torch.preserve_format) for tensor in example]
        at: list[Line] = []

        def work() -> Slots:
            slots = program.begin(self.inputs)
            for line in program.lines:
                at[:] = [line]
                line.call(slots)
                program.forget(line, slots)
            at.clear()
            return slots

        try:
            self.slots, self._replay = graphs.record(work, program.device)
        except Exception as error:
            where = f"`{at[0].node.name}` ({at[0].kernel}): " if at else ""
            raise Uncaptured(where + str(_first(error)).partition("\n")[0]) from error

    def run(self, inputs: Sequence[Tensor]) -> Slots:
        """As that of the program, for inputs in any layout."""
        for mine, given in zip(self.inputs, inputs, strict=True):
            mine.copy_(given, non_blocking=True)
        self._replay()
        return self.slots

    def held(self) -> list[Tensor]:
        """The tensors that the next pass writes to: the inputs, and what is left in the slots."""
        left = [slot if type(slot) is tuple else (slot,) for slot in self.slots if slot is not None]
        return [*self.inputs, *(tensor for tensors in left for tensor in tensors)]


def _first(error: Exception) -> Exception:
    """The error that led to others: a recording that has failed cannot be ended either."""
    before = error.__context__
    return _first(before) if isinstance(before, RuntimeError) else error


def attempted(program: Program | Split, example: Callable[[], Sequence[Tensor]]) -> tuple[Captured | None, str | None]:
    """The program captured, or why it is not: each call then issues its steps one by one. Neither on a CPU."""
    if not captures(program.device) or isinstance(program, Split):
        return None, None
    given = example()
    compile_together(program, given)
    try:
        return Captured(program, given), None
    except Uncaptured as reason:
        return None, str(reason)


def captures(device: torch.device) -> bool:
    """Whether there are graphs."""
    return device.type == "cuda"
