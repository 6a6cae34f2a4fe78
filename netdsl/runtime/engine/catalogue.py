"""Who offers to compute a task, the best guess first: what is taken where nothing is measured."""

from __future__ import annotations

import torch

from netdsl.runtime.engine import native, onednn, plain
from netdsl.runtime.engine.candidate import Candidate
from netdsl.runtime.engine.task import Task


def candidates(task: Task) -> list[Candidate]:
    """At least one, each with a name of its own."""
    if task.device.type == "cuda":
        from netdsl.runtime.engine import cublas, cudnn, triton

        ours, theirs = triton.candidates(task), (*cudnn.candidates(task), *cublas.candidates(task))
        return [*ours, *theirs, *plain.candidates(task)]
    return [*native.candidates(task), *onednn.candidates(task), *plain.candidates(task)]


def has_ours(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether kernels of our own are among those that compute: they have prologues, read and write slices of channels,
    and read concatenations where their parts are."""
    return device.type == "cuda" or native.no_kernels(device, dtype) is None
