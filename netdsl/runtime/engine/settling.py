"""Lines of a program that are the same in each pass, by as few calls as can be.

A kernel in C that reads and writes memory which never moves needs nothing of Python but to be started. To start one
takes Python longer than some of them run, so all those between two lines that do need it are started by one call.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from netdsl.native import Series
from netdsl.runtime.engine.calls import Issued, Settled, Slots
from netdsl.runtime.engine.native import no_kernels
from netdsl.runtime.engine.program import Program
from netdsl.runtime.engine.tasks import Sketch


def settles(sketch: Sketch) -> bool:
    """Whether there are kernels that would: then what a program takes and yields should have places too."""
    return no_kernels(sketch.device, sketch.dtype) is None


def settle(program: Program) -> None:
    """Have `program` issue series of kernels instead of lines, wherever it can. To be done when its lines are final."""
    slots = program.start.copy()
    issued: list[Issued | list[Settled]] = []
    for line in program.lines:
        found = line.call.settle(slots)
        if found is None:
            issued.append((line.call, line.dead))
        elif issued and isinstance(issued[-1], list):
            issued[-1].extend(found)
        else:
            issued.append(list(found))
    kernels = [kernel for part in issued if isinstance(part, list) for kernel, _ in part]
    if not kernels:
        program.issued = [(line.call, line.dead) for line in program.lines]
        return
    program.scratch = torch.empty(max(kernel.scratch for kernel in kernels))
    program.start = slots
    program.issued = [(_series(program, part), ()) if isinstance(part, list) else part for part in issued if part]


def _series(program: Program, parts: list[Settled]) -> Callable[[Slots], None]:
    run = Series(parts, program.scratch)

    def call(slots: Slots) -> None:
        run()

    return call
