"""Depthwise convolution, one input channel to each output channel: products and sums along rows of channels.

There is nothing for a matrix unit to do. A program computes BM output positions by BC channels; the taps it reads twice
come from the first cache, and neighbouring channels are neighbours in memory, so that every load is a wide one.
"""

import triton
import triton.language as tl
from triton import cdiv

from netdsl.kernels.call import ConvCall, surroundings
from netdsl.kernels.epilogue import activate, affine
from netdsl.kernels.launch import Config, Launch
from netdsl.kernels.layout import scaled, unit
from netdsl.kernels.rows import row_offsets


@triton.jit
def conv_depthwise(
    x, x_strides, w, w_strides, bias, scale, residual, r_strides, y, y_strides, pre_scale, pre_shift,
    N, D, H, W, OD, OH, OW,
    C: tl.constexpr, KERNEL: tl.constexpr, STRIDE: tl.constexpr, PAD: tl.constexpr, DIL: tl.constexpr,
    X_UNIT: tl.constexpr, R_UNIT: tl.constexpr, Y_UNIT: tl.constexpr, ACT: tl.constexpr, SLOPE: tl.constexpr,
    PRE_ACT: tl.constexpr, PRE_SLOPE: tl.constexpr, PRECISION: tl.constexpr, WIDE: tl.constexpr,
    BM: tl.constexpr, BC: tl.constexpr,
):  # fmt: skip
    COLUMNS: tl.constexpr = (C + BC - 1) // BC
    pid = tl.program_id(0)
    if WIDE:
        pid = pid.to(tl.int64)
    m = pid // COLUMNS * BM + tl.arange(0, BM)
    c = (pid % COLUMNS).to(tl.int32) * BC + tl.arange(0, BC)
    in_m = m < N * OD * OH * OW
    in_c = c < C
    d0 = m // OW // OH % OD * STRIDE[0] - PAD[0]
    h0 = m // OW % OH * STRIDE[1] - PAD[1]
    w0 = m % OW * STRIDE[2] - PAD[2]
    x_n, x_d, x_h, x_w = x_strides
    rows = x + (m // OW // OH // OD * x_n + d0 * x_d + h0 * x_h + w0 * x_w)[:, None] * X_UNIT + c[None, :]
    w_k, w_d, w_h, w_w = w_strides
    acc = tl.zeros((BM, BC), tl.float32)
    for tap in range(KERNEL[0] * KERNEL[1] * KERNEL[2]):
        r = tap // KERNEL[2] // KERNEL[1]
        s = tap // KERNEL[2] % KERNEL[1]
        t = tap % KERNEL[2]
        d = d0 + r * DIL[0]
        h = h0 + s * DIL[1]
        v = w0 + t * DIL[2]
        real = in_m & (d >= 0) & (d < D) & (h >= 0) & (h < H) & (v >= 0) & (v < W)
        inside = real[:, None] & in_c[None, :]
        at = (r * DIL[0] * x_d + s * DIL[1] * x_h + t * DIL[2] * x_w) * X_UNIT
        a = tl.load(rows + at, mask=inside, other=0.0).to(tl.float32)
        if pre_scale is not None:
            a = affine(a, c, in_c, pre_scale, pre_shift)
            a = tl.where(inside, activate(a, PRE_ACT, PRE_SLOPE), 0.0)
        b = tl.load(w + c * w_k + r * w_d + s * w_h + t * w_w, mask=in_c, other=0.0)
        acc += a * b.to(tl.float32)[None, :]

    acc = affine(acc, c, in_c, scale, bias)
    stored = in_m[:, None] & in_c[None, :]
    if residual is not None:
        r_at = row_offsets(m, r_strides, OD, OH, OW, R_UNIT)[:, None] + c[None, :]
        acc = acc + tl.load(residual + r_at, mask=stored, other=0.0).to(tl.float32)
    y_at = row_offsets(m, y_strides, OD, OH, OW, Y_UNIT)[:, None] + c[None, :]
    tl.store(y + y_at, activate(acc, ACT, SLOPE).to(y.dtype.element_ty), mask=stored)


class ConvDepthwise:
    """Depthwise calls; the tile is BM x BC."""

    name = "conv_depthwise"

    def why_not(self, call: ConvCall, config: Config) -> str | None:
        if call.transposed:
            return "it is transposed"
        if not call.groups == call.channels == call.outputs:
            return "it is not depthwise, one channel to one"
        return None

    def grid(self, call: ConvCall, config: Config) -> tuple[int, ...]:
        bm, bc = config.tile
        return (cdiv(call.rows, bm) * cdiv(call.channels, bc),)

    def build(self, call: ConvCall, config: Config) -> Launch:
        bm, bc = config.tile
        x_unit, y_unit = unit(call.x), unit(call.out)
        r_unit = 1 if call.residual is None else unit(call.residual)
        args = dict(
            x=call.x,
            x_strides=scaled(call.x, x_unit),
            w=call.weight,
            w_strides=tuple(call.weight.stride(axis) for axis in (0, 2, 3, 4)),
            residual=call.residual,
            r_strides=None if call.residual is None else scaled(call.residual, r_unit),
            y=call.out,
            y_strides=scaled(call.out, y_unit),
            **call.extents,
            C=call.channels,
            KERNEL=call.kernel,
            STRIDE=call.stride,
            PAD=call.before,
            DIL=call.dilation,
            X_UNIT=x_unit,
            R_UNIT=r_unit,
            Y_UNIT=y_unit,
            WIDE=call.wide,
            BM=bm,
            BC=bc,
            **surroundings(call),
        )
        return Launch(conv_depthwise, self.grid(call, config), args, config)
