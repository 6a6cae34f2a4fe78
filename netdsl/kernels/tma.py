"""Maps and weights as tensor descriptors, through which Hopper's copy engine (TMA) moves whole boxes.

Boxes are clipped at the descriptor's extents: what is read beyond them is zero, which pads a conv for nothing and cuts
off tails, and what is written beyond them is dropped, which keeps the neighbours of a slice whole.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from torch import Tensor
from triton import cdiv
from triton.tools.tensor_descriptor import TensorDescriptor

from netdsl.kernels.call import ConvCall

ALIGNMENT = 16  # bytes, of the base and of every stride but the last, which is 1


def descriptor(x: Tensor, block: Sequence[int]) -> TensorDescriptor:
    """Over a tensor whose last axis is contiguous. The stride of an axis of extent 1 is arbitrary, and becomes what the
    driver may ask for (cuTensorMapEncodeTiled): aligned, and past all that lies inside."""
    step = ALIGNMENT // x.element_size()
    strides, inside = [1], -(-x.shape[-1] // step) * step
    for extent, stride in zip(x.shape[-2::-1], x.stride()[-2::-1], strict=True):
        strides.append(stride if extent > 1 else inside)
        inside = strides[-1] * extent
    return TensorDescriptor(x, list(x.shape), strides[::-1], list(block))


def pixels(x: Tensor) -> Tensor:
    """A map [N, C, 1, H, W] as [N, H, W, C]."""
    return x.squeeze(2).permute(0, 2, 3, 1)


def row_step(x: Tensor) -> int | None:
    """Elements from one position of a map to the next, of all images; None where that is not one number."""
    step, count = 0, 1
    for axis in (4, 3, 2, 0):
        if x.shape[axis] > 1:
            if step and x.stride(axis) != step * count:
                return None
            step, count = step or x.stride(axis), count * x.shape[axis]
    return step or ALIGNMENT


def rows(x: Tensor) -> Tensor:
    """A map [N, C, D, H, W] that has a `row_step`, as [N*D*H*W, C]."""
    return x.as_strided((x.numel() // x.shape[1], x.shape[1]), (row_step(x) or 0, 1))


def best_box(call: ConvCall, positions: int) -> tuple[int, int, int]:
    """The box [TN, TH, TW] of so many positions that covers the output with the fewest boxes; of those the widest."""
    return _cover(call.out.shape[0], *call.out.shape[3:], positions)[1]


def boxes(call: ConvCall, positions: int) -> int:
    """How many such boxes cover the output."""
    return _cover(call.out.shape[0], *call.out.shape[3:], positions)[0]


@functools.cache
def _cover(n: int, height: int, width: int, positions: int) -> tuple[int, tuple[int, int, int]]:
    powers = [1 << i for i in range(positions.bit_length())]
    found = []
    for th in powers:
        for tw in powers[: positions.bit_length() - th.bit_length() + 1]:
            tn = positions // (th * tw)
            found.append((cdiv(n, tn) * cdiv(height, th) * cdiv(width, tw), tn, -tw, th))
    count, tn, minus_tw, th = min(found)
    return count, (tn, th, -minus_tw)


def taps(weight: Tensor) -> Tensor:
    """A weight [K, C, KD, KH, KW] with its channels together as [K, KD*KH*KW, C]."""
    return weight.permute(0, 2, 3, 4, 1).flatten(1, 3)


def why_no_tma(call: ConvCall) -> str | None:
    """What of a call no TMA kernel can do, in words."""
    weight = call.weight
    if call.transposed:
        return "it is transposed"
    if call.groups > 1:
        return "it is grouped"
    if weight.shape[1] > 1 and weight.stride(1) != 1:
        return "the weight's channels are not together in memory"
    if weight.shape[2:].numel() > 1 and not _dense_taps(weight):
        return "the weight's taps do not follow one another evenly"
    operands = {"an input": call.sources, "the weight": (weight,), "the output": (call.out,)}
    if call.residual is not None:
        operands["the residual"] = (call.residual,)
    for what, tensors in operands.items():
        if any(not _aligned(x) for x in tensors):
            return f"{what} does not lie on multiples of {ALIGNMENT} bytes"
    return None


def _dense_taps(weight: Tensor) -> bool:
    step = 0
    for axis in (4, 3, 2):
        if weight.shape[axis] > 1:
            if step and weight.stride(axis) != step:
                return False
            step = weight.stride(axis) * weight.shape[axis]
    return True


def _aligned(x: Tensor) -> bool:
    strides = [s for axis, s in enumerate(x.stride()) if axis != 1 and x.shape[axis] > 1]
    return all(s * x.element_size() % ALIGNMENT == 0 and s > 0 for s in strides) and x.data_ptr() % ALIGNMENT == 0
