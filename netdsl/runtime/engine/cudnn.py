"""Candidates by cuDNN on a GPU: its convolution with one pointwise kernel of ours after it, which is what torch.compile
makes, and its convolutions that add and apply ReLU themselves.

`torch.cudnn_convolution_relu` and `torch.cudnn_convolution_add_relu` choose their algorithm by what
`torch.backends.cudnn` says, as `conv2d` does (arithmetic.py), and copy what does not lie densely.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from netdsl import kernels
from netdsl.kernels.layout import FLOATS
from netdsl.ops.activation import Relu
from netdsl.ops.conv import Conv
from netdsl.runtime import algebra, launchers
from netdsl.runtime.engine.candidate import Candidate, New
from netdsl.runtime.engine.task import Task
from netdsl.runtime.prepared import Run
from netdsl.runtime.values import channels_together, joined


def candidates(task: Task) -> Iterator[Candidate]:
    if why_not(task) is None:
        if bare(task):
            yield Candidate("cuDNN", partial(_conv, task))
        else:
            yield Candidate("cuDNN + pointwise", partial(_conv_pointwise, task), writes=True)
    if why_not_relu(task) is None:
        yield Candidate("cuDNN conv + relu", partial(_conv_relu, task))
    if why_not_add_relu(task) is None:
        yield Candidate("cuDNN conv + add + relu", partial(_conv_add_relu, task))


def why_not(task: Task) -> str | None:
    """Why cuDNN's convolution with our kernel after it is no candidate, in words; None where it is."""
    if not isinstance(task.step.core, Conv):
        return "it is no convolution"
    if task.dtype not in FLOATS:
        return f"our kernels do not compute in {task.dtype}"
    return None


def why_not_relu(task: Task) -> str | None:
    """Why `torch.cudnn_convolution_relu` is no candidate."""
    return _why_not_relu(task) or ("it has an addition" if task.residual is not None else None)


def why_not_add_relu(task: Task) -> str | None:
    """Why `torch.cudnn_convolution_add_relu` is no candidate."""
    if task.residual is None:
        return "it has no addition"
    return _why_not_relu(task) or (None if _is_dense(task.residual) else "what it adds would be copied")


def _why_not_relu(task: Task) -> str | None:
    step = task.step
    if (reason := why_not(task)) is not None:
        return reason
    assert step.windows is not None
    if task.out.dim() != 4:
        return "it is not of two dimensions"
    if not isinstance(step.activation, Relu):
        return "no ReLU follows"
    if step.prologue is not None or step.pre_activation is not None:
        return "something comes before it"
    if len(task.sources) > 1 or not _is_dense(task.sources[0]):
        return "what it reads would be copied"
    if any(before != after for before, after in step.windows.padding):
        return "its padding differs by side"
    return None


def bare(task: Task) -> bool:
    """Whether nothing follows the core."""
    return task.step.bias is None and task.residual is None and task.step.activation is None


def _conv(task: Task) -> New:
    """conv(prologue(x)), its weights packed with the channels together."""
    step, weight = task.step, _weight(task)
    before = prologue(task)
    alone = replace(step, weight=None, bias=None, prologue=None)

    def run(sources: Sequence[Tensor], residual: Tensor | None) -> Tensor:
        return algebra.weighted(alone, before(sources), weight, None)

    return run


def _conv_pointwise(task: Task) -> Run:
    """activation(conv(prologue(x)) + bias + residual) in two passes: the second reads what cuDNN wrote."""
    conv, end = _conv(task), ending(task)

    def run(sources: Sequence[Tensor], residual: Tensor | None, out: Tensor) -> None:
        end(channels_together(conv(sources, None)), residual, out)

    return run


def _conv_relu(task: Task) -> New:
    weight, bias, geometry = _weight(task), _bias(task), _geometry(task)

    def run(sources: Sequence[Tensor], residual: Tensor | None) -> Tensor:
        return torch.cudnn_convolution_relu(sources[0], weight, bias, *geometry)

    return run


def _conv_add_relu(task: Task) -> New:
    weight, bias, geometry = _weight(task), _bias(task), _geometry(task)

    def run(sources: Sequence[Tensor], residual: Tensor | None) -> Tensor:
        assert residual is not None
        return torch.cudnn_convolution_add_relu(sources[0], weight, residual, 1.0, bias, *geometry)

    return run


def prologue(task: Task) -> Callable[[Sequence[Tensor]], Tensor]:
    """What the core reads: the sources joined, after the affine and the activation that come before it."""
    step = task.step
    if step.prologue is None and step.pre_activation is None:
        return joined
    scale, shift = (None, None) if step.prologue is None else (vector.float() for vector in step.prologue)
    end = launchers.activation(step.pre_activation)
    return lambda sources: kernels.pointwise(joined(sources), scale=scale, shift=shift, activation=end)


def ending(task: Task) -> Callable[[Tensor, Tensor | None, Tensor], None]:
    """Computes activation(y + bias + residual) into the last in one kernel of ours."""
    bias = None if task.step.bias is None else task.step.bias.float()
    end = launchers.activation(task.step.activation)

    def run(y: Tensor, residual: Tensor | None, out: Tensor) -> None:
        kernels.pointwise(y, shift=bias, residual=residual, activation=end, out=out)

    return run


def _weight(task: Task) -> Tensor:
    assert task.step.weight is not None
    return channels_together(task.step.weight.to(task.dtype))


def _bias(task: Task) -> Tensor:
    """Zeros where there is none: torch would make them in each call."""
    if task.step.bias is None:
        return torch.zeros(task.out.shape[1], dtype=task.dtype, device=task.device)
    return task.step.bias.to(task.dtype)


def _geometry(task: Task) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], int]:
    """Stride, padding, dilation and groups."""
    windows = task.step.windows
    assert windows is not None
    return windows.stride, tuple(before for before, _ in windows.padding), windows.dilation, windows.groups


def _is_dense(x: Tensor) -> bool:
    return x.is_contiguous(memory_format=torch.channels_last)
