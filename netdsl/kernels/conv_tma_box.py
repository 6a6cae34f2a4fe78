"""Convolution of stride 1 by boxes of the map: a tap of the kernel is the same box, shifted.

A program computes TN x TH x TW output positions by BN output channels. The box of input that a tap needs is loaded at
its shifted place, and what of it lies outside is zero: that is the padding. No pointer is computed per element.
"""

import triton
import triton.language as tl
from triton import cdiv

from netdsl.kernels.call import ConvCall, surroundings
from netdsl.kernels.epilogue import activate, affine
from netdsl.kernels.launch import Config, Launch
from netdsl.kernels.tma import best_box, boxes, descriptor, pixels, taps, why_no_tma


@triton.jit
def over_taps(
    acc, x, w, n, h, w0, k, C: tl.constexpr, FIRST: tl.constexpr, KW: tl.constexpr, TAPS: tl.constexpr,
    DIL_H: tl.constexpr, DIL_W: tl.constexpr, PRECISION: tl.constexpr,
    TN: tl.constexpr, TH: tl.constexpr, TW: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    """Add what one source gives to the box whose input begins at row h and column w0."""
    BLOCKS: tl.constexpr = (C + BK - 1) // BK
    for q in range(TAPS * BLOCKS):
        tap = q // BLOCKS
        c = q % BLOCKS * BK
        a = x.load([n, h + tap // KW * DIL_H, w0 + tap % KW * DIL_W, c]).reshape(TN * TH * TW, BK)
        b = w.load([k, tap, FIRST + c]).reshape(BN, BK)
        acc = tl.dot(a, b.T, acc, input_precision=PRECISION)
    return acc


@triton.jit
def conv_tma_box(
    x0, x1, x2, x3, w, bias, scale, residual, y, pre_scale, pre_shift, OH, OW,
    C: tl.constexpr, K: tl.constexpr, KERNEL: tl.constexpr, PAD: tl.constexpr, DIL: tl.constexpr,
    ACT: tl.constexpr, SLOPE: tl.constexpr, PRE_ACT: tl.constexpr, PRE_SLOPE: tl.constexpr, PRECISION: tl.constexpr,
    TN: tl.constexpr, TH: tl.constexpr, TW: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    """Descriptors: x0 to x3 [N, H, W, C[i]], w [K, KH*KW, C], residual and y [N, OH, OW, K]."""
    COLUMNS: tl.constexpr = (K + BN - 1) // BN
    TAPS: tl.constexpr = KERNEL[1] * KERNEL[2]
    k = tl.program_id(0) % COLUMNS * BN
    tile = tl.program_id(0) // COLUMNS
    across = tl.cdiv(OW, TW)
    down = tl.cdiv(OH, TH)
    ow = tile % across * TW
    oh = tile // across % down * TH
    n = tile // across // down * TN
    h = oh - PAD[1]
    w0 = ow - PAD[2]
    acc = tl.zeros((TN * TH * TW, BN), tl.float32)
    acc = over_taps(acc, x0, w, n, h, w0, k, C[0], 0, KERNEL[2], TAPS, DIL[1], DIL[2], PRECISION, TN, TH, TW, BN, BK)
    if x1 is not None:
        acc = over_taps(
            acc, x1, w, n, h, w0, k, C[1], C[0], KERNEL[2], TAPS, DIL[1], DIL[2], PRECISION, TN, TH, TW, BN, BK
        )
    if x2 is not None:
        acc = over_taps(
            acc, x2, w, n, h, w0, k, C[2], C[0] + C[1], KERNEL[2], TAPS, DIL[1], DIL[2], PRECISION, TN, TH, TW, BN, BK
        )
    if x3 is not None:
        acc = over_taps(
            acc, x3, w, n, h, w0, k, C[3], C[0] + C[1] + C[2], KERNEL[2], TAPS, DIL[1], DIL[2], PRECISION,
            TN, TH, TW, BN, BK,
        )  # fmt: skip
    columns = k + tl.arange(0, BN)
    acc = affine(acc, columns, columns < K, scale, bias)
    if residual is not None:
        acc = acc + residual.load([n, oh, ow, k]).reshape(TN * TH * TW, BN).to(tl.float32)
    y.store([n, oh, ow, k], activate(acc, ACT, SLOPE).to(y.dtype).reshape(TN, TH, TW, BN))


class ConvTmaBox:
    """Calls of stride 1; the tile is BM x BN x BK, BM positions in a box."""

    name = "conv_tma_box"

    def why_not(self, call: ConvCall, config: Config) -> str | None:
        if call.x.shape[2] > 1 or call.kernel[0] > 1 or call.out.shape[2] > 1:
            return "it has three spatial axes"
        if call.stride != (1, 1, 1):
            return "its stride is not 1"
        if call.prologue is not None:
            return "it has a prologue, behind which padding is zero"
        if any(source.shape[1] % config.tile[-1] for source in call.sources[:-1]):
            return f"the channels of a source before the last are no multiple of {config.tile[-1]}"
        return why_no_tma(call)

    def grid(self, call: ConvCall, config: Config) -> tuple[int, ...]:
        bm, bn, _ = config.tile
        return (boxes(call, bm) * cdiv(call.outputs, bn),)

    def build(self, call: ConvCall, config: Config) -> Launch:
        bm, bn, bk = config.tile
        box = best_box(call, bm)
        oh, ow = call.out.shape[3:]
        inputs = [descriptor(pixels(source), (*box, bk)) for source in call.sources]
        args = dict(
            **dict(zip(("x0", "x1", "x2", "x3"), [*inputs, None, None, None], strict=False)),
            w=descriptor(taps(call.weight), (bn, 1, bk)),
            residual=None if call.residual is None else descriptor(pixels(call.residual), (*box, bn)),
            y=descriptor(pixels(call.out), (*box, bn)),
            OH=oh,
            OW=ow,
            C=tuple(source.shape[1] for source in call.sources),
            K=call.outputs,
            KERNEL=call.kernel,
            PAD=call.before,
            DIL=call.dilation,
            TN=box[0],
            TH=box[1],
            TW=box[2],
            BN=bn,
            BK=bk,
            **surroundings(call),
        )
        return Launch(conv_tma_box, self.grid(call, config), args, config)
