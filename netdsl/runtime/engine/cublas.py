"""Candidates by cuBLAS on a GPU: a 1x1 convolution of stride 1, or a linear layer, as the matrix product that it is,
written straight into its place. Bias and ReLU are computed in the product (cuBLASLt's epilogue); what else follows, in
one pointwise kernel of ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from netdsl.kernels.layout import FLOATS
from netdsl.ops.activation import Relu
from netdsl.ops.conv import Conv
from netdsl.ops.linear import Linear
from netdsl.runtime.engine.candidate import Candidate
from netdsl.runtime.engine.cudnn import ending, prologue
from netdsl.runtime.engine.task import Task
from netdsl.runtime.prepared import Run


def candidates(task: Task) -> Iterator[Candidate]:
    if why_not(task) is None:
        ends = [] if task.step.bias is None else ["bias"]
        ends += [] if task.step.activation is None else [task.step.activation.name]
        name = ["cuBLAS", *ends] if _within(task) else ["cuBLAS", "pointwise"]
        yield Candidate(" + ".join(name), partial(_product, task), writes=True)


def why_not(task: Task) -> str | None:
    """Why no matrix product computes a task, in words; None where one does."""
    step, windows = task.step, task.step.windows
    if not isinstance(step.core, Conv | Linear):
        return "it is neither a convolution nor a linear layer"
    if task.dtype not in FLOATS:
        return f"our kernels do not compute in {task.dtype}"
    if windows is not None:
        if any(extent != 1 for extent in (*windows.kernel, *windows.stride)):
            return "it is no 1x1 of stride 1"
        if windows.groups > 1:
            return "it is grouped"
        if any(any(pair) for pair in windows.padding):
            return "it pads"
    if not _is_even(task.out):
        return "the positions of the output do not follow one another evenly"
    return None


def _product(task: Task) -> Run:
    """activation(prologue(x) @ weight + bias + residual)."""
    step = task.step
    assert step.weight is not None
    before, end, whole = prologue(task), ending(task), step.windows is None
    weight = step.weight.to(task.dtype).movedim(1, -1).flatten(1).contiguous().t()  # [C, K], a column beside the other
    within = _within(task)
    bias = step.bias.to(task.dtype) if within and step.bias is not None else None
    relu = isinstance(step.activation, Relu)

    def run(sources: Sequence[Tensor], residual: Tensor | None, out: Tensor) -> None:
        x = before(sources).movedim(1, -1)
        x = x.flatten(1) if whole else x.flatten(0, -2)
        y = rows(out)
        if bias is None:
            torch.mm(x, weight, out=y)
        elif relu:
            torch._addmm_activation(bias, x, weight, out=y)
        else:
            torch.addmm(bias, x, weight, out=y)
        if not within:
            end(out, residual, out)

    return run


def _within(task: Task) -> bool:
    """Whether the product computes all that follows: a bias, and a ReLU after a bias."""
    if task.residual is not None:
        return False
    if task.step.bias is None:
        return task.step.activation is None
    return task.step.activation is None or isinstance(task.step.activation, Relu)


def rows(x: Tensor) -> Tensor:
    """[N, C, ..] as [N·.., C], in the same memory. RuntimeError where that would be a copy."""
    return x.movedim(1, -1).view(-1, x.shape[1])


def _is_even(x: Tensor) -> bool:
    """Whether `rows` can be taken."""
    try:
        rows(x)
    except RuntimeError:
        return False
    return True
