"""Candidates by our kernels in C, in fp32 on the CPU: what comes before and after a core is computed with it, and
slices of wider buffers and concatenations are read and written where they lie."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from netdsl.native import Activation, Kernel, Step, library
from netdsl.native.packing import GAP, POINTS, TILE, denser, panels, transformed, wide
from netdsl.native.step import LANES, SOURCES
from netdsl.ops.activation import LeakyRelu, Relu, Relu6
from netdsl.ops.conv import Conv, Deconv
from netdsl.ops.linear import Linear
from netdsl.ops.norm import Lrn
from netdsl.ops.op import Op
from netdsl.ops.pool import AvgPool, GlobalAvgPool, MaxPool
from netdsl.runtime.engine.candidate import Candidate
from netdsl.runtime.engine.task import Task
from netdsl.runtime.folding import Affine
from netdsl.runtime.prepared import Prepared, Run

CACHED = 128 * 1024  # bytes of input that a piece of a convolution reads again and again
SMALL, KEPT = 64, 512 * 1024  # pixels and bytes of a map that is read whole for each panel: no weight is read twice
STACK = 1024 * 1024  # bytes of a thread's stack that a piece may take; a thread has 2 MiB at the least, 8 as a rule
AT_ONCE = 6  # pixels, ROWS in panel.h
FEW = 8  # tiles of Winograd: below, the weights cost more to read than the products save


def candidates(task: Task) -> Iterator[Candidate]:
    """The best guess first."""
    if why_not(task) is not None:
        return
    core = task.step.core
    match core:
        case Conv() if is_depthwise(task.step):
            yield Candidate("C depthwise", partial(_depthwise, task), writes=True)
        case Conv() | Linear():
            direct = Candidate("C conv", partial(_conv, task), writes=True)
            if no_winograd(task) is not None:
                yield direct
                return
            tiles = _tiles(task)
            several = [
                Candidate(f"C Winograd, {block} tiles", partial(_winograd, task, block), writes=True)
                for block in sorted({min(tiles, size) for size in (32, 128)}, reverse=True)
            ]
            yield from (direct, *several) if tiles < FEW else (*several, direct)
        case Deconv():
            yield Candidate("C deconv", partial(_deconv, task), writes=True)
        case MaxPool():
            yield Candidate("C max_pool", partial(_pool, task, "max_pool"), writes=True)
        case AvgPool():
            yield Candidate("C avg_pool", partial(_pool, task, "avg_pool"), writes=True)
        case GlobalAvgPool():
            yield Candidate("C global_avg_pool", partial(_pool, task, "global_avg_pool"), writes=True)
        case Lrn():
            yield Candidate("C lrn", partial(_lrn, task), writes=True)
        case None:
            yield Candidate("C pointwise", partial(_pointwise, task), writes=True)


def no_kernels(device: torch.device, dtype: torch.dtype) -> str | None:
    """Why there are no kernels in C for maps of `dtype` on a device, in words; None where there are."""
    if device.type != "cpu" or dtype is not torch.float32:
        return "they compute fp32 on the CPU"
    return library().why_not or None


def why_not(task: Task) -> str | None:
    """Why no kernel in C computes a task, in words; None where one does."""
    step = task.step
    if max(x.dim() for x in (task.out, *task.sources)) > 4:
        return "they know no more than two spatial axes"
    if any(not isinstance(op, None | Relu | Relu6 | LeakyRelu) for op in (step.activation, step.pre_activation)):
        return "they have no activation but relu, relu6 and leaky_relu"
    if len(task.sources) > 1 and not (isinstance(step.core, Conv) and 1 < len(task.sources) <= SOURCES):
        return "only their convolutions read several sources, of which up to four"
    if len(task.sources) > 1 and (step.prologue or step.pre_activation or (step.windows and step.windows.groups > 1)):
        return "a convolution of several sources has no prologue and no groups"
    if AT_ONCE * _on_stack(task) > STACK:
        return "what its windows read does not fit on a thread's stack"
    return _core_why_not(step) or no_kernels(task.device, task.dtype)


def _core_why_not(step: Prepared) -> str | None:
    match step.core:
        case None | Conv() | Linear() | MaxPool() | GlobalAvgPool():
            return None
        case AvgPool():
            assert step.windows is not None
            lopsided = any(before != after for before, after in step.windows.padding)
            return "their means have as much padding after a map as before it" if lopsided else None
        case Deconv():
            windows = step.windows
            assert windows is not None
            apart = windows.stride == windows.kernel and set(windows.dilation) == {1} and windows.groups == 1
            if not apart or any(windows.output_padding) or any(side for pair in windows.padding for side in pair):
                return "they transpose convolutions only where windows neither overlap nor leave gaps"
            return None
        case Lrn() as op:
            if 4 * (step.channels + op.size) > STACK:
                return "the channels of a point do not fit on a thread's stack"
            return None if op.beta == 0.75 else "they know no exponent but 0.75"
    return f"they have no {step.core.name}"


def is_depthwise(step: Prepared) -> bool:
    """One input and one output channel in each group."""
    return (
        step.windows is not None
        and step.weight is not None
        and step.windows.groups == step.weight.shape[0]
        and step.windows.groups > 1
        and step.weight.shape[1] == 1
    )


def no_winograd(task: Task) -> str | None:
    """Why Winograd's algorithm does not compute a convolution."""
    step, windows = task.step, task.step.windows
    if windows is None or windows.kernel != (3, 3) or {*windows.stride, *windows.dilation} != {1} or windows.groups > 1:
        return "it is for windows of 3x3 with stride 1, one group and no dilation"
    if step.prologue is not None or step.pre_activation is not None:
        return "it has no prologue"
    channels = sum(source.shape[1] for source in task.sources)
    if min(channels, task.out.shape[1]) < 2 * LANES:
        return "there are so few channels that the transforms cost more than they save"
    return None


def _conv(task: Task) -> Run:
    step = task.step
    told, held = _told(task)
    weight = step.weight
    assert weight is not None
    windows = step.windows
    groups = 1 if windows is None else windows.groups
    if windows is None:  # a linear layer; one that reads a whole map is a convolution whose window is the map
        _window(told, tuple(weight.shape[2:]), (1, 1), (0, 0), (1, 1))
    weight, groups = denser(weight, groups)
    channels = [source.shape[1] // groups for source in task.sources]
    told.channels[: len(channels)] = channels
    told.outputs, told.groups = weight.shape[0] // groups, groups
    packed = panels(weight.flatten(2) if weight.dim() > 2 else weight.unsqueeze(2), groups, channels)
    bias = wide(step.bias, weight.shape[0], groups)
    gathers = told.prologue or (groups == 1 and channels[0] < LANES)
    told.block = _block(task, 4 * groups * sum(channels) * (math.prod(told.kernel) if gathers else 1))
    return _kernel("convolve", told, [*held, packed, bias], packed, bias)


def _block(task: Task, read: int) -> int:
    """How many output pixels a piece of a convolution has, each of which reads so many bytes: what the cache holds, or
    all of a small map, but no more than fit on the stack."""
    pixels = task.out[:, 0].numel()
    whole = -(-pixels // AT_ONCE) * AT_ONCE if pixels <= SMALL and pixels * read <= KEPT else 0
    cached = max(4 * AT_ONCE, whole, min(32 * AT_ONCE, CACHED // read // AT_ONCE * AT_ONCE))
    return min(cached, STACK // _on_stack(task) // AT_ONCE * AT_ONCE)


def _on_stack(task: Task) -> int:
    """Bytes of the stack that a convolution takes for an output pixel: pointers to what each tap reads and, where
    windows may be gathered, the window."""
    step = task.step
    if step.weight is None or is_depthwise(step):
        return 1
    taps = 1 if isinstance(step.core, Deconv) else math.prod(step.weight.shape[2:])
    channels = sum(source.shape[1] for source in task.sources)
    groups = 1 if step.windows is None else step.windows.groups
    gathers = step.prologue is not None or step.pre_activation is not None or channels < LANES * groups
    return taps * (8 * len(task.sources) + 4 * channels * gathers)


def _winograd(task: Task, block: int) -> Run:
    weight = task.step.weight
    assert weight is not None
    told, held = _told(task)
    told.outputs, told.groups, told.block = weight.shape[0], 1, block
    packed, bias = transformed(weight), wide(task.step.bias, weight.shape[0])
    size = POINTS * POINTS * (block * (weight.shape[1] + bias.numel()) + 2 * GAP)
    return _kernel("winograd", told, [*held, packed, bias], packed, bias, size)


def _depthwise(task: Task) -> Run:
    weight = task.step.weight
    assert weight is not None
    told, held = _told(task)
    packed = weight.flatten(1).T.float().contiguous()
    bias = wide(task.step.bias, weight.shape[0])
    return _kernel("depthwise", told, [*held, packed, bias], packed, bias)


def _deconv(task: Task) -> Run:
    """A 1x1 convolution for each tap of the window, written to every so manieth pixel."""
    step, windows = task.step, task.step.windows
    assert step.weight is not None
    assert windows is not None
    rank = len(windows.kernel)
    taps: list[tuple[Any, Kernel]] = []
    for tap in torch.cartesian_prod(*map(torch.arange, windows.kernel)).view(-1, rank).tolist():
        there = (..., *(slice(first, None, apart) for first, apart in zip(tap, windows.stride, strict=True)))
        told, held = _told(task)
        channels = task.sources[0].shape[1]
        told.channels[0], told.outputs, told.groups = channels, step.weight.shape[1], 1
        told.out_height, told.out_width = told.height, told.width
        _window(told, (1, 1), (1, 1), (0, 0), (1, 1))
        told.block = _block(task, 4 * channels)
        packed = panels(step.weight[(slice(None), slice(None), *tap)].T.unsqueeze(2), 1, [channels])
        bias = wide(step.bias, step.weight.shape[1])
        taps.append((there, _kernel("convolve", told, [*held, packed, bias], packed, bias)))

    def run(sources: Sequence[Tensor], residual: Tensor | None, out: Tensor) -> None:
        for there, kernel in taps:
            kernel(sources, None if residual is None else residual[there], out[there])

    return run


def _pool(task: Task, name: str) -> Run:
    told, held = _told(task)
    core = task.step.core
    told.counts_padding = isinstance(core, AvgPool) and core.count_include_pad
    return _kernel(name, told, held)


def _pointwise(task: Task) -> Run:
    told, held = _told(task, task.step.affine)
    told.prologue = task.step.affine is not None
    return _kernel("pointwise", told, held)


def _lrn(task: Task) -> Run:
    core = task.step.core
    assert isinstance(core, Lrn)
    told, held = _told(task)
    _window(told, (core.size, 1), (1, 1), (0, 0), (1, 1))
    numbers = torch.tensor([core.alpha / core.size, core.k])
    told.scale = numbers.data_ptr()
    return _kernel("response_norm", told, [*held, numbers])


def _told(task: Task, norm: Affine | None = None) -> tuple[Step, list[Tensor]]:
    """A step with all that kernels have in common, and the tensors that it points to."""
    step, x, out = task.step, task.sources[0], task.out
    told = Step()
    told.sources, told.images = len(task.sources), len(x)
    told.channels[: len(task.sources)] = [source.shape[1] for source in task.sources]
    told.height, told.width = _plane(x)
    told.out_height, told.out_width = _plane(out)
    if step.windows is not None:
        before = tuple(pair[0] for pair in step.windows.padding)
        _window(told, step.windows.kernel, step.windows.stride, before, step.windows.dilation)
    told.activation, told.pre_activation = _activation(step.activation), _activation(step.pre_activation)
    told.prologue = step.prologue is not None or step.pre_activation is not None
    held = [torch.zeros(max(source.shape[1] for source in task.sources))]  # whatever the group
    told.zeros = held[0].data_ptr()
    if (before_core := norm or step.prologue) is not None:
        scale, shift = (vector.float().contiguous() for vector in before_core)
        told.scale, told.shift = scale.data_ptr(), shift.data_ptr()
        held += [scale, shift]
    return told, held


def _kernel(
    name: str,
    told: Step,
    held: list[Tensor],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    scratch: int = 0,
) -> Kernel:
    if weight is not None:
        told.weight = weight.data_ptr()
    if bias is not None:
        told.bias = bias.data_ptr()
    return Kernel(getattr(library().functions, name), told, held, scratch)


def _plane(x: Tensor) -> tuple[int, int]:
    """Height and width of a map; a vector has one pixel, a sequence one row."""
    height, width = (1, 1, *x.shape[2:])[-2:]
    return height, width


def _window(
    told: Step, kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int]
) -> None:
    for there, given, missing in (
        (told.kernel, kernel, 1),
        (told.stride, stride, 1),
        (told.padding, padding, 0),
        (told.dilation, dilation, 1),
    ):
        there[:] = (missing, missing, *given)[-2:]


def _activation(op: Op | None) -> Activation:
    match op:
        case Relu():
            return Activation(1.0, 0.0, math.inf)
        case Relu6():
            return Activation(1.0, 0.0, 6.0)
        case LeakyRelu():
            return Activation(op.slope, -math.inf, math.inf)
    return Activation(1.0, -math.inf, math.inf)


def _tiles(task: Task) -> int:
    height, width = _plane(task.out)
    return len(task.out) * -(-height // TILE) * -(-width // TILE)
