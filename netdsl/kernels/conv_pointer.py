"""The convolution that is always right: an implicit GEMM that gathers its input through pointers.

Any kernel, stride, padding, dilation and groups, one to three axes, up to four sources, transposed or not, any strides.
A program computes BM output positions (of all images, in a row) by BN output channels; the loop runs over the taps of
the kernel and, within a tap, over blocks of BK channels.

A transposed convolution is the same loop. Output positions whose index is the same modulo the stride, a *phase*, are
an ordinary convolution of stride 1 with every (stride / gcd(stride, dilation))-th tap, read backwards; the phase is an
axis of the grid, so that one launch computes it all and no product with zero is taken.
"""

import math

import triton
import triton.language as tl
from triton import cdiv

from netdsl.kernels.call import ConvCall, surroundings
from netdsl.kernels.epilogue import activate, affine
from netdsl.kernels.launch import Config, Launch
from netdsl.kernels.layout import scaled, unit


@triton.jit
def first_tap(phase, TAPS: tl.constexpr, STRIDE: tl.constexpr, PAD: tl.constexpr, DIL: tl.constexpr, GCD: tl.constexpr,
              INVERSE: tl.constexpr):  # fmt: skip
    """Of a transposed axis: the first tap that meets outputs of this phase, how many do, and the input it starts at."""
    STEP: tl.constexpr = STRIDE // GCD
    target = phase + PAD
    tap = (target // GCD * INVERSE) % STEP
    count = tl.where((target % GCD == 0) & (tap < TAPS), (TAPS - tap + STEP - 1) // STEP, 0)
    # An exact division where there is a tap at all; the summand keeps it away from negative numbers.
    start = (target - tap * DIL + TAPS * DIL * STRIDE) // STRIDE - TAPS * DIL
    return tap, count, start


@triton.jit
def conv_pointer(
    xs, x_strides, w, w_strides, bias, scale, residual, r_strides, y, y_strides, pre_scale, pre_shift,
    N, D, H, W, OD, OH, OW, GD, GH, GW,
    C: tl.constexpr, FIRST: tl.constexpr, K: tl.constexpr, KERNEL: tl.constexpr, STRIDE: tl.constexpr,
    PAD: tl.constexpr, DIL: tl.constexpr, X_STEP: tl.constexpr, W_STEP: tl.constexpr, CHECK: tl.constexpr,
    TRANSPOSED: tl.constexpr, GCD: tl.constexpr, INVERSE: tl.constexpr,
    X_UNIT: tl.constexpr, W_UNIT: tl.constexpr, R_UNIT: tl.constexpr, Y_UNIT: tl.constexpr, W_INNER: tl.constexpr,
    ACT: tl.constexpr, SLOPE: tl.constexpr, PRE_ACT: tl.constexpr, PRE_SLOPE: tl.constexpr,
    PRECISION: tl.constexpr, WIDE: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    """C: channels of each source within a group, FIRST of them all the sources; K: output channels of a group.

    G*: output positions of one phase. X_STEP, W_STEP: from one tap to the next, in the input and in the weight.
    *_strides are divided by *_UNIT; W_INNER names the weight's axis of stride 1.
    """
    COLUMNS: tl.constexpr = (K + BN - 1) // BN
    pid = tl.program_id(0)
    if WIDE:
        pid = pid.to(tl.int64)
    group = tl.program_id(1)
    # Neighbouring programs share their rows: the input is read from memory once, the weights stay in the cache.
    m = pid // COLUMNS * BM + tl.arange(0, BM)
    k = (pid % COLUMNS).to(tl.int32) * BN + tl.arange(0, BN)
    in_k = k < K
    gw = m % GW
    gh = m // GW % GH
    gd = m // GW // GH % GD
    n = m // GW // GH // GD

    if TRANSPOSED:
        phase = tl.program_id(2)
        pw = phase % STRIDE[2]
        ph = phase // STRIDE[2] % STRIDE[1]
        pd = phase // STRIDE[2] // STRIDE[1]
        td, nd, sd = first_tap(pd, KERNEL[0], STRIDE[0], PAD[0], DIL[0], GCD[0], INVERSE[0])
        th, nh, sh = first_tap(ph, KERNEL[1], STRIDE[1], PAD[1], DIL[1], GCD[1], INVERSE[1])
        tw, nw, sw = first_tap(pw, KERNEL[2], STRIDE[2], PAD[2], DIL[2], GCD[2], INVERSE[2])
        d0, h0, w0 = gd + sd, gh + sh, gw + sw
        od, oh, ow = gd * STRIDE[0] + pd, gh * STRIDE[1] + ph, gw * STRIDE[2] + pw
        in_m = (n < N) & (od < OD) & (oh < OH) & (ow < OW)
    else:
        td, th, tw = 0, 0, 0
        nd, nh, nw = KERNEL[0], KERNEL[1], KERNEL[2]
        d0, h0, w0 = gd * STRIDE[0] - PAD[0], gh * STRIDE[1] - PAD[1], gw * STRIDE[2] - PAD[2]
        od, oh, ow = gd, gh, gw
        in_m = n < N

    if WIDE:
        k = k.to(tl.int64)
    w_group, w_k, w_c, w_d, w_h, w_w = w_strides
    w_rows = group.to(tl.int64) * w_group + td * w_d + th * w_h + tw * w_w
    if W_INNER == "k":
        w_base = w + w_rows * W_UNIT + k[None, :]
    else:
        w_base = w + w_rows * W_UNIT + (k * w_k * W_UNIT)[None, :]

    rk = tl.arange(0, BK)
    acc = tl.zeros((BM, BN), tl.float32)
    for i in tl.static_range(len(C)):
        blocks = tl.cdiv(C[i], BK)
        x_n, x_d, x_h, x_w = x_strides[i]
        x_base = xs[i] + (n * x_n + d0 * x_d + h0 * x_h + w0 * x_w)[:, None] * X_UNIT + group * C[i]
        for q in range(nd * nh * nw * blocks):
            c = q % blocks * BK + rk
            tap = q // blocks
            if WIDE:
                tap = tap.to(tl.int64)
            r = tap // nw // nh
            s = tap // nw % nh
            t = tap % nw
            inside = in_m[:, None]
            if CHECK[0]:
                inside = inside & ((d0 + r * X_STEP[0] >= 0) & (d0 + r * X_STEP[0] < D))[:, None]
            if CHECK[1]:
                inside = inside & ((h0 + s * X_STEP[1] >= 0) & (h0 + s * X_STEP[1] < H))[:, None]
            if CHECK[2]:
                inside = inside & ((w0 + t * X_STEP[2] >= 0) & (w0 + t * X_STEP[2] < W))[:, None]
            if C[i] % BK != 0:
                inside = inside & (c < C[i])[None, :]
            x_at = (r * X_STEP[0] * x_d + s * X_STEP[1] * x_h + t * X_STEP[2] * x_w) * X_UNIT + c
            a = tl.load(x_base + x_at[None, :], mask=inside, other=0.0)
            if pre_scale is not None:
                p = group * C[i] + FIRST[i] + c
                a = a.to(tl.float32) * tl.load(pre_scale + p, mask=c < C[i], other=0.0).to(tl.float32)[None, :]
                a = a + tl.load(pre_shift + p, mask=c < C[i], other=0.0).to(tl.float32)[None, :]
                # What was padded in is zero after the prologue, not before it.
                a = tl.where(inside, activate(a, PRE_ACT, PRE_SLOPE), 0.0).to(w.dtype.element_ty)
            tap_at = (r * W_STEP[0] * w_d + s * W_STEP[1] * w_h + t * W_STEP[2] * w_w) * W_UNIT
            if W_INNER == "c":
                b_at = tap_at + FIRST[i] + c
            else:
                b_at = tap_at + (FIRST[i] + c) * w_c * W_UNIT
            if C[i] % BK == 0 and K % BN == 0:
                b = tl.load(w_base + b_at[:, None])
            else:
                b = tl.load(w_base + b_at[:, None], mask=(c < C[i])[:, None] & in_k[None, :], other=0.0)
            acc = tl.dot(a, b, acc, input_precision=PRECISION)

    k_all = group * K + k
    acc = affine(acc, k_all, in_k, scale, bias)
    stored = in_m[:, None] & in_k[None, :]
    if residual is not None:
        r_n, r_d, r_h, r_w = r_strides
        r_at = (n * r_n + od * r_d + oh * r_h + ow * r_w)[:, None] * R_UNIT + k_all[None, :]
        acc = acc + tl.load(residual + r_at, mask=stored, other=0.0).to(tl.float32)
    y_n, y_d, y_h, y_w = y_strides
    y_at = (n * y_n + od * y_d + oh * y_h + ow * y_w)[:, None] * Y_UNIT + k_all[None, :]
    tl.store(y + y_at, activate(acc, ACT, SLOPE).to(y.dtype.element_ty), mask=stored)


def phases(call: ConvCall) -> tuple[int, int, int]:
    """How many kinds of output position there are along each axis."""
    return call.stride if call.transposed else (1, 1, 1)


def positions(call: ConvCall) -> list[int]:
    """The extents of the output, of one phase."""
    return [cdiv(extent, phase) for extent, phase in zip(call.out.shape[2:], phases(call), strict=True)]


def weight_strides(call: ConvCall) -> tuple[tuple[int, ...], int, str]:
    """Strides of the weight (group, K, C, the taps' three axes) over their unit, that, and the axis of stride 1."""
    weight, first, second = call.weight, *call.weight.stride()[:2]
    k, c = (second, first) if call.transposed else (first, second)
    within = weight.shape[0] // call.groups
    taps = [0 if extent == 1 else s for extent, s in zip(weight.shape[2:], weight.stride()[2:], strict=True)]
    inner = "c" if c == 1 else "k" if k == 1 else ""
    others = [within * first, *taps] + [s for axis, s in (("k", k), ("c", c)) if axis != inner]
    by = math.gcd(16, *others)
    return tuple(s // by for s in (within * first, k, c, *taps)), by, inner


class ConvPointer:
    """Every call; the tile is BM x BN x BK."""

    name = "conv_pointer"

    def why_not(self, call: ConvCall, config: Config) -> str | None:
        return None

    def grid(self, call: ConvCall, config: Config) -> tuple[int, ...]:
        bm, bn, _ = config.tile
        rows = call.out.shape[0] * math.prod(positions(call))
        return cdiv(rows, bm) * cdiv(call.outputs // call.groups, bn), call.groups, math.prod(phases(call))

    def build(self, call: ConvCall, config: Config) -> Launch:
        bm, bn, bk = config.tile
        gcds = [math.gcd(s, d) for s, d in zip(call.stride, call.dilation, strict=True)]
        channels = [source.shape[1] // call.groups for source in call.sources]
        w_strides, w_unit, w_inner = weight_strides(call)
        x_unit, y_unit = unit(*call.sources), unit(call.out)
        r_unit = 1 if call.residual is None else unit(call.residual)
        args = dict(
            xs=call.sources,
            x_strides=tuple(scaled(source, x_unit) for source in call.sources),
            w=call.weight,
            w_strides=w_strides,
            residual=call.residual,
            r_strides=None if call.residual is None else scaled(call.residual, r_unit),
            y=call.out,
            y_strides=scaled(call.out, y_unit),
            **call.extents,
            **dict(zip(("GD", "GH", "GW"), positions(call), strict=True)),
            C=tuple(channels),
            FIRST=tuple(sum(channels[:i]) for i in range(len(channels))),
            K=call.outputs // call.groups,
            KERNEL=call.kernel,
            STRIDE=call.stride,
            PAD=call.before,
            DIL=call.dilation,
            X_STEP=tuple(-d // g for d, g in zip(call.dilation, gcds, strict=True))
            if call.transposed
            else call.dilation,
            W_STEP=tuple(s // g for s, g in zip(call.stride, gcds, strict=True)) if call.transposed else (1, 1, 1),
            TRANSPOSED=call.transposed,
            GCD=tuple(gcds),
            INVERSE=tuple(
                pow(d // g, -1, s // g) if s > g else 0
                for s, d, g in zip(call.stride, call.dilation, gcds, strict=True)
            ),
            CHECK=tuple(call.transposed or any(pads) for pads in call.padding),
            X_UNIT=x_unit,
            W_UNIT=w_unit,
            R_UNIT=r_unit,
            Y_UNIT=y_unit,
            W_INNER=w_inner,
            WIDE=call.wide,
            BM=bm,
            BN=bn,
            BK=bk,
            **surroundings(call),
        )
        return Launch(conv_pointer, self.grid(call, config), args, config)
