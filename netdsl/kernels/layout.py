"""Where the elements of a map lie: what kernels ask of their tensors, and how they are told the strides."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from netdsl.kernels.launch import need

FLOATS = (torch.float32, torch.float16, torch.bfloat16)


def as_maps(x: Tensor) -> Tensor:
    """[N, C] to [N, C, D, H, W]: the missing spatial axes with extent 1, in front of the others."""
    while x.ndim < 5:
        x = x.unsqueeze(2)
    return x


def new_map(shape: Sequence[int], like: Tensor) -> Tensor:
    """An uninitialised map of this shape with its channels together, as torch's channels_last (the batch outermost)."""
    rows = torch.empty((shape[0], *shape[2:], shape[1]), dtype=like.dtype, device=like.device)
    return rows.movedim(-1, 1)


def check_map(x: Tensor, what: str, like: Tensor, shape: Sequence[int] | None = None) -> None:
    """Refused unless x has this shape, channels together, and the dtype and device of `like`."""
    if shape is not None:
        need(tuple(x.shape) == tuple(shape), f"{what} has the shape {tuple(x.shape)}, not {tuple(shape)}")
    need(x.ndim == like.ndim, f"{what} has {x.ndim} axes, not {like.ndim}")
    need(x.shape[1] >= 1, f"{what} has no channels")
    need(x.shape[1] == 1 or x.stride(1) == 1, f"{what} has strides {x.stride()}: its channels are not together")
    need(x.dtype in FLOATS, f"{what} is {x.dtype}: kernels compute in float32, float16 and bfloat16")
    same(x, what, like)


def check_output(x: Tensor, like: Tensor, shape: Sequence[int]) -> None:
    """Refused unless x is a map of this shape, of which no element stands for two."""
    check_map(x, "the output", like, shape)
    need(
        all(stride > 0 for extent, stride in zip(x.shape, x.stride(), strict=True) if extent > 1),
        "the output lies on itself",
    )


def same(x: Tensor, what: str, like: Tensor) -> None:
    """Refused unless dtype and device are those of `like`."""
    need(x.dtype == like.dtype, f"{what} is {x.dtype}, not {like.dtype}")
    need(x.device == like.device, f"{what} is on {x.device}, not on {like.device}")


def disjoint(a: Tensor, b: Tensor) -> bool:
    """Whether two maps surely share no element: apart in memory, or different channels of one wider map."""
    size = a.element_size()
    start, end = a.data_ptr(), b.data_ptr()
    if a.device.type == "meta" or not a.numel() or not b.numel():
        return True  # a tensor without memory overlaps nothing
    if start + (reach(a) + 1) * size <= end or end + (reach(b) + 1) * size <= start:
        return True
    rows = {
        stride for x in (a, b) for axis, stride in enumerate(x.stride()) if axis != 1 and x.shape[axis] > 1 and stride
    }
    pixel = min(rows, default=0)
    if not pixel or (start - end) % size or any(stride % pixel for stride in rows):
        return False
    offset = (start - end) // size % pixel  # of a's channels behind b's, within a pixel
    return offset >= b.shape[1] and offset + a.shape[1] <= pixel


def same_place(a: Tensor, b: Tensor) -> bool:
    """Whether two maps of one shape are the same elements in the same order."""
    return a.data_ptr() == b.data_ptr() and a.stride() == b.stride()


def check_vector(vector: Tensor | None, what: str, length: int, like: Tensor) -> None:
    """Refused unless it is None, or one number for each channel, together, in fp32 or the dtype of `like`."""
    if vector is not None:
        need(vector.shape == (length,), f"{what} has the shape {tuple(vector.shape)}, not ({length},)")
        need(vector.is_contiguous(), f"{what} is not contiguous")
        need(vector.dtype in (torch.float32, like.dtype), f"{what} is {vector.dtype}, neither fp32 nor {like.dtype}")
        need(vector.device == like.device, f"{what} is on {vector.device}, not on {like.device}")


def reach(tensor: Tensor) -> int:
    """The largest offset of an element, in elements: what an index must be able to hold."""
    return sum((extent - 1) * stride for extent, stride in zip(tensor.shape, tensor.stride(), strict=True) if extent)


def wide(*tensors: Tensor | None) -> bool:
    """Whether an offset can pass 2**31. A little sooner: rows behind the last are indexed, though not loaded."""
    return any(max(reach(x), x.numel() // x.shape[1]) >= 2**31 - 2**20 for x in tensors if x is not None)


def strides(x: Tensor) -> tuple[int, ...]:
    """The strides of N, D, H and W, 0 where the extent is 1: such a stride is arbitrary and never used."""
    return tuple(0 if x.shape[axis] == 1 else x.stride(axis) for axis in (0, 2, 3, 4))


def unit(*tensors: Tensor) -> int:
    """The largest power of two up to 16 that divides every stride but the channels'.

    Kernels are given strides divided by it and multiply it back as a constant: that tells the compiler how wide its
    loads may be, which it would else learn only where strides are multiples of 16.
    """
    return math.gcd(16, *(stride for tensor in tensors for stride in strides(tensor)))


def scaled(x: Tensor, by: int) -> tuple[int, ...]:
    """The strides of N, D, H and W over their unit."""
    return tuple(stride // by for stride in strides(x))
