"""Candidates by torch's own operators: always there, in every dtype, and the first to be right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from netdsl.runtime import algebra
from netdsl.runtime.engine import pointwise
from netdsl.runtime.engine.candidate import Candidate, New
from netdsl.runtime.engine.task import Task
from netdsl.runtime.values import joined


def candidates(task: Task) -> Iterator[Candidate]:
    core = "pointwise" if task.step.core is None else task.step.core.name
    if task.device.type == "cpu" and task.dtype in (torch.float16, torch.bfloat16):
        yield Candidate(f"torch {core} in float32", partial(_make, task, torch.float32))
    yield Candidate(f"torch {core}", partial(_make, task, task.dtype))


def _make(task: Task, dtype: torch.dtype) -> New:
    """The step with its weights in `dtype`, which maps are converted to and from where theirs is another."""
    step, rank = task.step, task.out.dim() - 2
    weight = None if step.weight is None else step.weight.to(dtype)
    bias = None if step.bias is None else step.bias.to(dtype)
    before = pointwise.prologue(step.prologue, step.pre_activation, task.x.dim() - 2, dtype)
    affine = None if step.affine is None else pointwise.affine(step.affine, rank, dtype)
    end = pointwise.activation(step.activation)
    bare = replace(step, weight=None, bias=None, prologue=None, affine=None)
    stored = task.dtype

    def run(sources: Sequence[Tensor], residual: Tensor | None) -> Tensor:
        x = joined(sources).to(dtype)
        if before is not None:
            x = before(x)
        if weight is not None:
            y = algebra.weighted(bare, x, weight, bias)
        else:
            y = algebra.core(bare, x)
        if affine is not None:
            y = affine(y)
        if residual is not None:
            y = y + residual if y is x else y.add_(residual)
        if end is not None:
            y = end(y.clone() if y is x else y)
        return y.to(stored)

    return run
