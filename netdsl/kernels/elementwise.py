"""What surrounds a step that does not take it in: an affine, an addition, an activation, or a copy into a slice."""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor
from triton import cdiv

from netdsl.kernels.activation import NONE, Activation
from netdsl.kernels.epilogue import activate, affine
from netdsl.kernels.launch import Config, Launch, launch, need
from netdsl.kernels.layout import (
    as_maps,
    check_map,
    check_output,
    check_vector,
    disjoint,
    new_map,
    same_place,
    scaled,
    unit,
    wide,
)
from netdsl.kernels.rows import row_offsets


@triton.jit
def pointwise_kernel(
    x, x_strides, scale, shift, residual, r_strides, y, y_strides, N, D, H, W,
    C: tl.constexpr, X_UNIT: tl.constexpr, R_UNIT: tl.constexpr, Y_UNIT: tl.constexpr,
    ACT: tl.constexpr, SLOPE: tl.constexpr, WIDE: tl.constexpr, BM: tl.constexpr, BC: tl.constexpr,
):  # fmt: skip
    COLUMNS: tl.constexpr = (C + BC - 1) // BC
    pid = tl.program_id(0)
    if WIDE:
        pid = pid.to(tl.int64)
    m = pid // COLUMNS * BM + tl.arange(0, BM)
    c = (pid % COLUMNS).to(tl.int32) * BC + tl.arange(0, BC)
    inside = (m < N * D * H * W)[:, None] & (c < C)[None, :]
    a = tl.load(x + row_offsets(m, x_strides, D, H, W, X_UNIT)[:, None] + c[None, :], mask=inside, other=0.0)
    a = affine(a.to(tl.float32), c, c < C, scale, shift)
    if residual is not None:
        at = row_offsets(m, r_strides, D, H, W, R_UNIT)[:, None] + c[None, :]
        a = a + tl.load(residual + at, mask=inside, other=0.0).to(tl.float32)
    at = row_offsets(m, y_strides, D, H, W, Y_UNIT)[:, None] + c[None, :]
    tl.store(y + at, activate(a, ACT, SLOPE).to(y.dtype.element_ty), mask=inside)


def pointwise(
    x: Tensor,
    *,
    scale: Tensor | None = None,
    shift: Tensor | None = None,
    residual: Tensor | None = None,
    activation: Activation = NONE,
    out: Tensor | None = None,
    config: Config | None = None,
) -> Tensor:
    """`activation(x * scale + shift + residual)` on [N, C] or [N, C, ...]; scale and shift [C]; out may be x itself."""
    need(2 <= x.ndim <= 5, f"a map has up to 3 spatial axes, not {x.ndim - 2}")
    check_map(x, "the input", like=x)
    out = new_map(x.shape, x) if out is None else out
    check_output(out, like=x, shape=x.shape)
    for name, other in (("input", x), ("residual", residual)):
        if other is not None:
            check_map(other, f"the {name}", like=x, shape=x.shape)
            need(same_place(out, other) or disjoint(out, other), f"the output overlaps the {name} elsewhere")
    for name, vector in (("scale", scale), ("shift", shift)):
        check_vector(vector, f"the {name}", x.shape[1], like=x)

    config = rows_config("pointwise", x.shape[1]) if config is None else config
    bm, bc = config.tile
    x5, y5, r5 = as_maps(x), as_maps(out), None if residual is None else as_maps(residual)
    x_unit, y_unit, r_unit = unit(x5), unit(y5), 1 if r5 is None else unit(r5)
    n, c, d, h, w = x5.shape
    args = dict(
        x=x5, x_strides=scaled(x5, x_unit), scale=scale, shift=shift, y=y5, y_strides=scaled(y5, y_unit),
        residual=r5, r_strides=None if r5 is None else scaled(r5, r_unit),
        N=n, D=d, H=h, W=w, C=c, X_UNIT=x_unit, R_UNIT=r_unit, Y_UNIT=y_unit,
        ACT=activation.kind, SLOPE=activation.slope, WIDE=wide(x5, y5, r5), BM=bm, BC=bc,
    )  # fmt: skip
    launch(Launch(pointwise_kernel, (cdiv(n * d * h * w, bm) * cdiv(c, bc),), args, config))
    return out


def rows_config(kernel: str, channels: int, elements: int = 2048) -> Config:
    """A tile of about so many elements: as many channels as there are, up to 128, and rows to fill it."""
    bc = min(128, triton.next_power_of_2(channels))
    return Config(kernel, (max(1, elements // bc), bc), warps=4, stages=1)


def pointwise_reference(
    x: Tensor,
    *,
    scale: Tensor | None = None,
    shift: Tensor | None = None,
    residual: Tensor | None = None,
    activation: Activation = NONE,
) -> Tensor:
    """What `pointwise` computes, in torch's operators and the dtype of the arguments."""
    shape = (1, -1) + (1,) * (x.ndim - 2)
    y = x if scale is None else x * scale.view(shape)
    y = y if shift is None else y + shift.view(shape)
    return activation(y if residual is None else torch.add(y, residual))
