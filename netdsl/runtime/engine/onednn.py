"""Candidates by oneDNN, through the operators that Inductor's freezing uses: weights packed once for the blocks of its
kernels, and what follows a convolution computed in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from netdsl.ops.activation import Gelu, Hardswish, LeakyRelu, Relu, Relu6, Sigmoid, Silu, Tanh
from netdsl.ops.conv import Conv
from netdsl.ops.linear import Linear
from netdsl.ops.op import Op
from netdsl.runtime.engine import pointwise
from netdsl.runtime.engine.arithmetic import computed_in
from netdsl.runtime.engine.candidate import Candidate, New
from netdsl.runtime.engine.task import Task
from netdsl.runtime.values import joined


def candidates(task: Task) -> Iterator[Candidate]:
    if not _serves(task):
        return
    step = task.step
    if isinstance(step.core, Conv) and task.out.dim() == 4:
        sums = [] if task.residual is None else ["add"]
        ends = [] if step.activation is None else [step.activation.name]
        yield Candidate(" + ".join(["oneDNN conv", *sums, *ends]), partial(_conv, task))
    elif isinstance(step.core, Linear) and task.residual is None:
        ends = [] if step.activation is None else [step.activation.name]
        yield Candidate(" + ".join(["oneDNN linear", *ends]), partial(_linear, task))


def _serves(task: Task) -> bool:
    """Whether oneDNN computes in this dtype on this machine as fast as it can."""
    if task.device.type != "cpu" or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    return task.dtype in (torch.float32, torch.bfloat16) and computed_in(task.dtype, task.device) is task.dtype


def fused(op: Op | None) -> tuple[str, list[Any], str] | None:
    """An activation in oneDNN's words: its name, its numbers, its algorithm. None where oneDNN fuses none such."""
    match op:
        case None:
            return "none", [], ""
        case Relu():
            return "relu", [], ""
        case Relu6():
            return "hardtanh", [0.0, 6.0], ""
        case LeakyRelu():
            return "leaky_relu", [float(op.slope)], ""
        case Silu():
            return "swish", [], ""
        case Sigmoid():
            return "sigmoid", [], ""
        case Tanh():
            return "tanh", [], ""
        case Gelu():
            return "gelu", [], "none"
        case Hardswish():
            return "hardswish", [], ""
    return None


def _conv(task: Task) -> New:
    """activation(conv(prologue(x)) + residual). What is added is overwritten where nobody reads it afterwards."""
    step = task.step
    assert step.weight is not None
    assert step.windows is not None
    windows, x = step.windows, task.x
    lopsided = any(before != after for before, after in windows.padding)
    around = [side for pair in reversed(windows.padding) for side in pair] if lopsided else []
    padding = [0, 0] if lopsided else [before for before, _ in windows.padding]
    stride, dilation, groups = list(windows.stride), list(windows.dilation), windows.groups
    shape = list(F.pad(x, around).shape)
    weight = torch.ops.mkldnn._reorder_convolution_weight(
        step.weight.to(task.dtype), padding, stride, dilation, groups, shape
    )
    bias = None if step.bias is None else step.bias.to(task.dtype)
    before = pointwise.prologue(step.prologue, step.pre_activation, 2, task.dtype)
    geometry = (padding, stride, dilation, groups)
    ready = _ready(before, around)
    if task.residual is not None:
        return _conv_add(task, ready, (weight, bias, *geometry))
    within = fused(step.activation)
    end = None if within is not None else pointwise.activation(step.activation)
    name, numbers, algorithm = within or ("none", [], "")
    conv = torch.ops.mkldnn._convolution_pointwise.default

    def run(sources: Sequence[Tensor], residual: Tensor | None) -> Tensor:
        x = ready(sources)
        y: Tensor = conv(x, weight, bias, padding, stride, dilation, groups, name, numbers, algorithm)
        return y if end is None else end(y)

    return run


def _conv_add(task: Task, ready: Any, arguments: tuple[Any, ...]) -> New:
    within = isinstance(task.step.activation, Relu)
    name = "relu" if within else None
    end = None if within else pointwise.activation(task.step.activation)
    spare = task.spare
    over = torch.ops.mkldnn._convolution_pointwise_.binary
    beside = torch.ops.mkldnn._convolution_pointwise.binary

    def run(sources: Sequence[Tensor], residual: Tensor | None) -> Tensor:
        x = ready(sources)
        if spare:
            y: Tensor = over(residual, x, *arguments, "add", 1.0, name, [], None)
        else:
            y = beside(x, residual, *arguments, "add", 1.0, name, [], None)
        return y if end is None else end(y)

    return run


def _ready(before: pointwise.Map | None, around: list[int]) -> Any:
    """What the convolution reads: the sources joined, after the prologue, with the padding that differs by side."""

    def ready(sources: Sequence[Tensor]) -> Tensor:
        x = joined(sources)
        if before is not None:
            x = before(x)
        return F.pad(x, around) if around else x

    return ready


def _linear(task: Task) -> New:
    """activation(linear(x)); a linear layer that reads a whole map reads it as it lies, channels together."""
    step, x = task.step, task.x
    assert step.weight is not None
    flat = x.dim() > 2
    weight = step.weight.to(task.dtype)
    weight = weight.movedim(1, -1).flatten(1).contiguous() if flat else weight.contiguous()
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, len(x))
    bias = None if step.bias is None else step.bias.to(task.dtype)
    within = fused(step.activation)
    end = None if within is not None else pointwise.activation(step.activation)
    name, numbers, algorithm = within or ("none", [], "")
    linear = torch.ops.mkldnn._linear_pointwise.default

    def run(sources: Sequence[Tensor], residual: Tensor | None) -> Tensor:
        x = joined(sources)
        if flat:
            x = x.movedim(1, -1).flatten(1)
        y: Tensor = linear(x, packed, bias, name, numbers, algorithm)
        return y if end is None else end(y)

    return run
