"""Candidates by our own kernels, which write where they are told and read concatenations where their parts are.

A convolution has one for each configuration of its kernels that promises the most; the best guess is the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial

import torch

from netdsl.kernels import INTERPRETED, Config
from netdsl.kernels.layout import FLOATS
from netdsl.ops.conv import Conv, Deconv
from netdsl.ops.linear import Linear
from netdsl.runtime import launchers
from netdsl.runtime.engine.candidate import Candidate
from netdsl.runtime.engine.task import Task
from netdsl.runtime.prepared import Run

MOST = 6  # configurations that are tried


def candidates(task: Task) -> Iterator[Candidate]:
    if why_not(task) is not None:
        return
    if INTERPRETED or not isinstance(task.step.core, Conv | Deconv | Linear):
        yield Candidate("Triton", partial(launchers.packed, task.step, task.dtype, task.precision), writes=True)
        return
    packing = partial(launchers.convolution, task.step, task.dtype, task.precision)
    packed = cache(packing)  # once for all of them
    for config in tried(configurations(task)):
        yield Candidate(f"Triton {config}", partial(_run, packed, config), writes=True)


def why_not(task: Task) -> str | None:
    """Why our kernels do not compute a task, in words; None where they do."""
    return None if task.dtype in FLOATS else f"our kernels do not compute in {task.dtype}"


def configurations(task: Task) -> list[Config]:
    """All that compute a convolution or a linear layer on its device, the best guess first."""
    major, minor = torch.cuda.get_device_capability(task.device)
    return launchers.configurations(
        task.step, task.sources, task.residual, task.out, task.precision, 10 * major + minor
    )


def tried(configs: list[Config]) -> list[Config]:
    """Those worth measuring, in the order of guesses: the best of each kernel, which no guess rules out, and others."""
    best: dict[str, Config] = {}
    for config in configs:
        best.setdefault(config.kernel, config)
    others = [config for config in configs if config not in best.values()]
    chosen = [*best.values(), *others][:MOST]
    return [config for config in configs if config in chosen]


def _run(packed: Callable[[], Callable[[Config | None], Run]], config: Config) -> Run:
    return packed()(config)
