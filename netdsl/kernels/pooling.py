"""Pools: the maximum or the mean of windows, and of whole maps."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch.nn.functional as F
import triton
import triton.language as tl
from torch import Tensor
from triton import cdiv

from netdsl.kernels.activation import NONE, Activation, Prologue
from netdsl.kernels.elementwise import rows_config
from netdsl.kernels.epilogue import activate, affine
from netdsl.kernels.launch import Config, Launch, launch, need
from netdsl.kernels.layout import as_maps, check_map, check_output, check_vector, disjoint, new_map, scaled, unit, wide
from netdsl.kernels.rows import row_offsets


@triton.jit
def larger(a, b):
    return tl.maximum(a, b, propagate_nan=tl.PropagateNan.ALL)


@triton.jit
def pool_kernel(
    x, x_strides, y, y_strides, pre_scale, pre_shift, N, D, H, W, OD, OH, OW,
    MAX: tl.constexpr, C: tl.constexpr, KERNEL: tl.constexpr, STRIDE: tl.constexpr, BEFORE: tl.constexpr,
    AFTER: tl.constexpr, DIL: tl.constexpr, COUNT_PAD: tl.constexpr, DIVISOR: tl.constexpr,
    X_UNIT: tl.constexpr, Y_UNIT: tl.constexpr, ACT: tl.constexpr, SLOPE: tl.constexpr, PRE_ACT: tl.constexpr,
    PRE_SLOPE: tl.constexpr, WIDE: tl.constexpr, BM: tl.constexpr, BC: tl.constexpr,
):  # fmt: skip
    COLUMNS: tl.constexpr = (C + BC - 1) // BC
    OTHER: tl.constexpr = float("-inf") if MAX else 0.0
    pid = tl.program_id(0)
    if WIDE:
        pid = pid.to(tl.int64)
    m = pid // COLUMNS * BM + tl.arange(0, BM)
    c = (pid % COLUMNS).to(tl.int32) * BC + tl.arange(0, BC)
    in_m = m < N * OD * OH * OW
    in_c = c < C
    d0 = m // OW // OH % OD * STRIDE[0] - BEFORE[0]
    h0 = m // OW % OH * STRIDE[1] - BEFORE[1]
    w0 = m % OW * STRIDE[2] - BEFORE[2]
    x_n, x_d, x_h, x_w = x_strides
    rows = x + (m // OW // OH // OD * x_n + d0 * x_d + h0 * x_h + w0 * x_w)[:, None] * X_UNIT + c[None, :]
    acc = tl.full((BM, BC), OTHER, tl.float32)
    for tap in range(KERNEL[0] * KERNEL[1] * KERNEL[2]):
        r = tap // KERNEL[2] // KERNEL[1] * DIL[0]
        s = tap // KERNEL[2] % KERNEL[1] * DIL[1]
        t = tap % KERNEL[2] * DIL[2]
        real = in_m & (d0 + r >= 0) & (d0 + r < D) & (h0 + s >= 0) & (h0 + s < H) & (w0 + t >= 0) & (w0 + t < W)
        inside = real[:, None] & in_c[None, :]
        a = tl.load(rows + (r * x_d + s * x_h + t * x_w) * X_UNIT, mask=inside, other=OTHER).to(tl.float32)
        if pre_scale is not None:
            a = tl.where(inside, activate(affine(a, c, in_c, pre_scale, pre_shift), PRE_ACT, PRE_SLOPE), OTHER)
        acc = larger(acc, a) if MAX else acc + a
    if not MAX:
        if DIVISOR != 0:
            acc = acc / DIVISOR
        else:
            # A window that rounding up lets run out counts what lies in the map, or in the map and its padding.
            PD: tl.constexpr = AFTER[0] if COUNT_PAD else 0
            PH: tl.constexpr = AFTER[1] if COUNT_PAD else 0
            PW: tl.constexpr = AFTER[2] if COUNT_PAD else 0
            d1 = tl.minimum(d0 + KERNEL[0], D + PD)
            h1 = tl.minimum(h0 + KERNEL[1], H + PH)
            w1 = tl.minimum(w0 + KERNEL[2], W + PW)
            if not COUNT_PAD:
                d0, h0, w0 = tl.maximum(d0, 0), tl.maximum(h0, 0), tl.maximum(w0, 0)
            acc = acc / ((d1 - d0) * (h1 - h0) * (w1 - w0)).to(tl.float32)[:, None]
    at = row_offsets(m, y_strides, OD, OH, OW, Y_UNIT)[:, None] + c[None, :]
    tl.store(y + at, activate(acc, ACT, SLOPE).to(y.dtype.element_ty), mask=in_m[:, None] & in_c[None, :])


@triton.jit
def global_pool_kernel(
    x, x_strides, y, y_stride, pre_scale, pre_shift, D, H, W,
    MAX: tl.constexpr, C: tl.constexpr, X_UNIT: tl.constexpr, PRE_ACT: tl.constexpr, PRE_SLOPE: tl.constexpr,
    WIDE: tl.constexpr, BM: tl.constexpr, BC: tl.constexpr,
):  # fmt: skip
    COLUMNS: tl.constexpr = (C + BC - 1) // BC
    OTHER: tl.constexpr = float("-inf") if MAX else 0.0
    n = tl.program_id(0) // COLUMNS
    c = tl.program_id(0) % COLUMNS * BC + tl.arange(0, BC)
    in_c = c < C
    if WIDE:
        n = n.to(tl.int64)
    acc = tl.full((BM, BC), OTHER, tl.float32)
    for start in range(0, D * H * W, BM):
        m = start + tl.arange(0, BM)
        if WIDE:
            m = m.to(tl.int64)
        inside = (m < D * H * W)[:, None] & in_c[None, :]
        at = n * x_strides[0] * X_UNIT + row_offsets(m, x_strides, D, H, W, X_UNIT)
        a = tl.load(x + at[:, None] + c[None, :], mask=inside, other=OTHER).to(tl.float32)
        if pre_scale is not None:
            a = tl.where(inside, activate(affine(a, c, in_c, pre_scale, pre_shift), PRE_ACT, PRE_SLOPE), OTHER)
        acc = larger(acc, a) if MAX else acc + a
    if MAX:
        lost = tl.sum((acc != acc).to(tl.int32), 0) > 0  # a reduction to the maximum would drop NaN
        found = tl.where(lost, float("nan"), tl.max(acc, 0))
    else:
        found = tl.sum(acc, 0) / (D * H * W)
    tl.store(y + n * y_stride + c, found.to(y.dtype.element_ty), mask=in_c)


def pool(
    x: Tensor,
    *,
    kind: str,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int] = (),
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor: int | None = None,
    prologue: Prologue | None = None,
    activation: Activation = NONE,
    out: Tensor | None = None,
    config: Config | None = None,
) -> Tensor:
    """`activation(pool(prologue(x)))` as torch's max_pool and avg_pool: `kind` is "max" or "avg".

    An entry of `kernel`, `stride`, `padding` (before, after) and `dilation` for each spatial axis; padding is minus
    infinity to a maximum. Only maxima have dilation, only means `count_include_pad` and `divisor` (divisor_override).
    """
    rank = x.ndim - 2
    dilation = tuple(dilation) or (1,) * rank
    _check_pool(x, kind, kernel, stride, padding, dilation, ceil_mode, count_include_pad, divisor, prologue)
    axes = zip(x.shape[2:], kernel, stride, padding, dilation, strict=True)
    shape = (*x.shape[:2], *(windows(e, k, s, p, d, ceil_mode) for e, k, s, p, d in axes))
    need(min(shape[2:]) >= 1, f"no window of {tuple(kernel)} fits into {tuple(x.shape[2:])}")
    out = new_map(shape, x) if out is None else out
    check_output(out, like=x, shape=shape)
    need(disjoint(out, x), "the output overlaps the input")

    config = rows_config("pool", x.shape[1], 1024) if config is None else config
    bm, bc = config.tile
    x5, y5 = as_maps(x), as_maps(out)
    x_unit, y_unit = unit(x5), unit(y5)
    n, c, d, h, w = x5.shape
    ones = (1,) * (3 - rank)
    pads = ((0, 0),) * (3 - rank) + tuple(padding)
    args = dict(
        x=x5, x_strides=scaled(x5, x_unit), y=y5, y_strides=scaled(y5, y_unit), **_before(prologue),
        N=n, D=d, H=h, W=w, OD=y5.shape[2], OH=y5.shape[3], OW=y5.shape[4], MAX=kind == "max", C=c,
        KERNEL=(*ones, *kernel), STRIDE=(*ones, *stride), DIL=(*ones, *dilation),
        BEFORE=tuple(p for p, _ in pads), AFTER=tuple(p for _, p in pads), COUNT_PAD=count_include_pad,
        DIVISOR=divisor or 0, X_UNIT=x_unit, Y_UNIT=y_unit, ACT=activation.kind, SLOPE=activation.slope,
        WIDE=wide(x5, y5), BM=bm, BC=bc,
    )  # fmt: skip
    launch(Launch(pool_kernel, (cdiv(n * math.prod(shape[2:]), bm) * cdiv(c, bc),), args, config))
    return out


def _check_pool(
    x: Tensor,
    kind: str,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int | None,
    prologue: Prologue | None,
) -> None:
    rank = x.ndim - 2
    need(kind in ("max", "avg"), f"a pool is max or avg, not {kind!r}")
    need(1 <= rank <= 3, f"a pool takes a map with 1 to 3 spatial axes, not {rank}")
    check_map(x, "the input", like=x)
    for name, values in {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}.items():
        need(len(values) == rank, f"`{name}` has {len(values)} entries for {rank} spatial axes")
    need(min(*kernel, *stride, *dilation) >= 1, "kernel, stride and dilation are at least 1")
    fits = all(0 <= p <= k // 2 for k, pair in zip(kernel, padding, strict=True) for p in pair)
    need(fits, "padding is at most half of the kernel")
    if any(before != after for before, after in padding):
        need(not ceil_mode, "one-sided padding has no ceil_mode")
        need(kind == "max" or count_include_pad, "one-sided padding counts in the mean")
    need(kind == "avg" or divisor is None, "a maximum has no divisor")
    need(kind == "max" or max(dilation) == 1, "a mean has no dilation")
    need(divisor is None or divisor != 0, "the divisor is not 0")
    _check_prologue(prologue, x)


def _check_prologue(prologue: Prologue | None, x: Tensor) -> None:
    if prologue is not None:
        check_vector(prologue.scale, "the prologue's scale", x.shape[1], like=x)
        check_vector(prologue.shift, "the prologue's shift", x.shape[1], like=x)


def _before(prologue: Prologue | None) -> dict[str, object]:
    if prologue is None:
        return dict(pre_scale=None, pre_shift=None, PRE_ACT="none", PRE_SLOPE=0.0)
    act = prologue.activation
    return dict(pre_scale=prologue.scale, pre_shift=prologue.shift, PRE_ACT=act.kind, PRE_SLOPE=act.slope)


def windows(extent: int, kernel: int, stride: int, padding: tuple[int, int], dilation: int, ceil_mode: bool) -> int:
    """How many windows a pool has along an axis; the last may not begin in the padding behind the map."""
    room = extent + sum(padding) - dilation * (kernel - 1) - 1
    if not ceil_mode:
        return room // stride + 1
    count = -(-room // stride) + 1
    return count - 1 if (count - 1) * stride >= extent + padding[0] else count


def global_pool(
    x: Tensor,
    *,
    kind: str = "avg",
    prologue: Prologue | None = None,
    out: Tensor | None = None,
    config: Config | None = None,
) -> Tensor:
    """The mean or the maximum of each channel of `prologue(x)`: [N, C]."""
    need(kind in ("max", "avg"), f"a pool is max or avg, not {kind!r}")
    need(3 <= x.ndim <= 5 and min(x.shape[2:]) >= 1, f"a map of the shape {tuple(x.shape)} has no pool")
    check_map(x, "the input", like=x)
    _check_prologue(prologue, x)
    out = x.new_empty(x.shape[:2]) if out is None else out
    need(out.shape == x.shape[:2], f"the output has the shape {tuple(out.shape)}, not {tuple(x.shape[:2])}")
    check_output(as_maps(out), like=as_maps(x), shape=as_maps(out).shape)
    need(disjoint(as_maps(out), as_maps(x)), "the output overlaps the input")

    config = rows_config("global_pool", min(32, x.shape[1]), 2048) if config is None else config
    bm, bc = config.tile
    x5 = as_maps(x)
    n, c, d, h, w = x5.shape
    args = dict(
        x=x5, x_strides=scaled(x5, unit(x5)), y=out, y_stride=out.stride(0), **_before(prologue), D=d, H=h, W=w,
        MAX=kind == "max", C=c, X_UNIT=unit(x5), WIDE=wide(x5, as_maps(out)), BM=bm, BC=bc,
    )  # fmt: skip
    launch(Launch(global_pool_kernel, (n * cdiv(c, bc),), args, config))
    return out


def pool_reference(
    x: Tensor,
    *,
    kind: str,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int] = (),
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor: int | None = None,
    prologue: Prologue | None = None,
    activation: Activation = NONE,
) -> Tensor:
    """What `pool` computes, in torch's operators and the dtype of the arguments."""
    x = x if prologue is None else prologue(x)
    rank = x.ndim - 2
    if any(before != after for before, after in padding):
        x = F.pad(x, [p for pair in reversed(padding) for p in pair], value=-math.inf if kind == "max" else 0.0)
        padding = ((0, 0),) * rank
    pads = [before for before, _ in padding]
    flat = rank == 1  # torch's mean of one axis knows no divisor
    if flat:
        x, kernel, stride, pads = x.unsqueeze(2), (1, *kernel), (1, *stride), [0, *pads]
        dilation = (1, *dilation) if dilation else ()
    if kind == "max":
        function = F.max_pool3d if rank == 3 else F.max_pool2d
        y = function(x, tuple(kernel), tuple(stride), pads, tuple(dilation) or 1, ceil_mode)
    else:
        mean = F.avg_pool3d if rank == 3 else F.avg_pool2d
        y = mean(x, tuple(kernel), tuple(stride), pads, ceil_mode, count_include_pad, divisor)
    return activation(y.squeeze(2) if flat else y)


def global_pool_reference(x: Tensor, *, kind: str = "avg", prologue: Prologue | None = None) -> Tensor:
    """What `global_pool` computes, in torch's operators and the dtype of the arguments."""
    x = x if prologue is None else prologue(x)
    axes = tuple(range(2, x.ndim))
    return x.amax(axes) if kind == "max" else x.mean(axes)
