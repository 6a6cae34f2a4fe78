"""Convolution of maps with few channels, as the RGB stem: a row of the kernel is one run of memory.

A program computes BM output positions by BN output channels, one row of the kernel at a time. The KW pixels that a row
covers stand in a run of KW * PIXEL elements, PIXEL being the distance of two pixels: 3 for a bare RGB image, 4 where
its channels are a slice of a wider buffer, which loads faster. The run is the product's inner axis, padded to a power
of two; per tap and channel it would be nearly all padding.
"""

import triton
import triton.language as tl
from triton import cdiv

from netdsl.kernels.call import ConvCall, surroundings
from netdsl.kernels.conv_pointer import weight_strides
from netdsl.kernels.epilogue import activate, affine
from netdsl.kernels.launch import Config, Launch
from netdsl.kernels.layout import scaled, unit
from netdsl.kernels.rows import row_offsets

LONGEST = 128  # elements of a run


@triton.jit
def conv_stem(
    x, x_strides, w, w_strides, bias, scale, residual, r_strides, y, y_strides, pre_scale, pre_shift,
    N, D, H, W, OD, OH, OW,
    C: tl.constexpr, K: tl.constexpr, PIXEL: tl.constexpr, KERNEL: tl.constexpr, STRIDE: tl.constexpr,
    PAD: tl.constexpr, DIL: tl.constexpr, X_UNIT: tl.constexpr, W_UNIT: tl.constexpr, W_INNER: tl.constexpr,
    R_UNIT: tl.constexpr, Y_UNIT: tl.constexpr, ACT: tl.constexpr, SLOPE: tl.constexpr, PRE_ACT: tl.constexpr,
    PRE_SLOPE: tl.constexpr, PRECISION: tl.constexpr, WIDE: tl.constexpr,
    BM: tl.constexpr, BN: tl.constexpr, RUN: tl.constexpr,
):  # fmt: skip
    COLUMNS: tl.constexpr = (K + BN - 1) // BN
    pid = tl.program_id(0)
    if WIDE:
        pid = pid.to(tl.int64)
    m = pid // COLUMNS * BM + tl.arange(0, BM)
    k = (pid % COLUMNS).to(tl.int32) * BN + tl.arange(0, BN)
    in_m = m < N * OD * OH * OW
    in_k = k < K
    d0 = m // OW // OH % OD * STRIDE[0] - PAD[0]
    h0 = m // OW % OH * STRIDE[1] - PAD[1]
    w0 = m % OW * STRIDE[2] - PAD[2]
    x_n, x_d, x_h, _ = x_strides
    base = (m // OW // OH // OD * x_n + d0 * x_d + h0 * x_h) * X_UNIT + w0 * PIXEL

    run = tl.arange(0, RUN)
    column = run // PIXEL
    channel = run % PIXEL
    in_run = (column < KERNEL[2]) & (channel < C)
    at_column = w0[:, None] + column[None, :]
    in_row = in_run[None, :] & (at_column >= 0) & (at_column < W)
    _, w_k, w_c, w_d, w_h, w_w = w_strides
    w_channel = channel if W_INNER == "c" else channel * w_c * W_UNIT
    w_at = w + (column * w_w * W_UNIT + w_channel)[:, None] + (k if W_INNER == "k" else k * w_k * W_UNIT)[None, :]
    in_w = in_run[:, None] & in_k[None, :]
    acc = tl.zeros((BM, BN), tl.float32)
    for row in range(KERNEL[0] * KERNEL[1]):
        r = row // KERNEL[1]
        s = row % KERNEL[1]
        d = d0 + r * DIL[0]
        h = h0 + s * DIL[1]
        inside = (in_m & (d >= 0) & (d < D) & (h >= 0) & (h < H))[:, None] & in_row
        at = base + (r * DIL[0] * x_d + s * DIL[1] * x_h) * X_UNIT
        a = tl.load(x + at[:, None] + run[None, :], mask=inside, other=0.0)
        if pre_scale is not None:
            a = affine(a.to(tl.float32), channel, in_run, pre_scale, pre_shift)
            a = tl.where(inside, activate(a, PRE_ACT, PRE_SLOPE), 0.0).to(w.dtype.element_ty)
        b = tl.load(w_at + (r * w_d + s * w_h) * W_UNIT, mask=in_w, other=0.0)
        acc = tl.dot(a, b, acc, input_precision=PRECISION)

    acc = affine(acc, k, in_k, scale, bias)
    stored = in_m[:, None] & in_k[None, :]
    if residual is not None:
        r_at = row_offsets(m, r_strides, OD, OH, OW, R_UNIT)[:, None] + k[None, :]
        acc = acc + tl.load(residual + r_at, mask=stored, other=0.0).to(tl.float32)
    y_at = row_offsets(m, y_strides, OD, OH, OW, Y_UNIT)[:, None] + k[None, :]
    tl.store(y + y_at, activate(acc, ACT, SLOPE).to(y.dtype.element_ty), mask=stored)


def run_length(call: ConvCall) -> int:
    """Elements that a row of the kernel covers, first to last, up to a power of two of at least 16."""
    return max(16, 1 << (call.kernel[2] * pixel(call) - 1).bit_length())


def pixel(call: ConvCall) -> int:
    """Elements from one pixel to the next."""
    return call.x.stride(4) if call.x.shape[4] > 1 else call.channels


class ConvStem:
    """Calls of few channels; the tile is BM x BN."""

    name = "conv_stem"

    def why_not(self, call: ConvCall, config: Config) -> str | None:
        if call.transposed:
            return "it is transposed"
        if call.groups > 1:
            return "it is grouped"
        if len(call.sources) > 1:
            return "it has several sources"
        if call.dilation[2] > 1:
            return "its rows are dilated"
        if pixel(call) < call.channels:
            return "its pixels overlap"
        if run_length(call) > LONGEST:
            return f"a row of its kernel covers more than {LONGEST} elements"
        return None

    def grid(self, call: ConvCall, config: Config) -> tuple[int, ...]:
        bm, bn = config.tile
        return (cdiv(call.rows, bm) * cdiv(call.outputs, bn),)

    def build(self, call: ConvCall, config: Config) -> Launch:
        bm, bn = config.tile
        w_strides, w_unit, w_inner = weight_strides(call)
        x_unit, y_unit = unit(call.x), unit(call.out)
        r_unit = 1 if call.residual is None else unit(call.residual)
        args = dict(
            x=call.x,
            x_strides=scaled(call.x, x_unit),
            w=call.weight,
            w_strides=w_strides,
            residual=call.residual,
            r_strides=None if call.residual is None else scaled(call.residual, r_unit),
            y=call.out,
            y_strides=scaled(call.out, y_unit),
            **call.extents,
            C=call.channels,
            K=call.outputs,
            PIXEL=pixel(call),
            KERNEL=call.kernel,
            STRIDE=call.stride,
            PAD=call.before,
            DIL=call.dilation,
            X_UNIT=x_unit,
            W_UNIT=w_unit,
            W_INNER=w_inner,
            R_UNIT=r_unit,
            Y_UNIT=y_unit,
            WIDE=call.wide,
            BM=bm,
            BN=bn,
            RUN=run_length(call),
            **surroundings(call),
        )
        return Launch(conv_stem, self.grid(call, config), args, config)
