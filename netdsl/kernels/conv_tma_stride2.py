"""Convolution of stride 2 by boxes: of a map of even extents, seen as pairs of rows by pairs of columns.

The descriptor is five-dimensional, [N, H/2, 2, W/2, a pair of pixels], so that every second row and column is a box
again: row 2h + r is pair h + r // 2, half r % 2. The second pixel of a pair stands one pixel's stride behind the first.
"""

import triton
import triton.language as tl
from torch import Tensor
from triton import cdiv

from netdsl.kernels.call import ConvCall, surroundings
from netdsl.kernels.epilogue import activate, affine
from netdsl.kernels.launch import Config, Launch
from netdsl.kernels.tma import best_box, boxes, descriptor, pixels, taps, why_no_tma


@triton.jit
def conv_tma_stride2(
    x, w, bias, scale, residual, y, pre_scale, pre_shift, OH, OW, PIXEL,
    C: tl.constexpr, K: tl.constexpr, KERNEL: tl.constexpr, PAD: tl.constexpr, DIL: tl.constexpr,
    ACT: tl.constexpr, SLOPE: tl.constexpr, PRE_ACT: tl.constexpr, PRE_SLOPE: tl.constexpr, PRECISION: tl.constexpr,
    TN: tl.constexpr, TH: tl.constexpr, TW: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    """Descriptors: x [N, H/2, 2, W/2, PIXEL + C], w [K, KH*KW, C], residual and y [N, OH, OW, K]."""
    tl.static_assert(C % BK == 0, "a box must not run into the next pixel")
    BLOCKS: tl.constexpr = C // BK
    COLUMNS: tl.constexpr = (K + BN - 1) // BN
    # As many pairs as the padding takes: it keeps the halving away from negative numbers.
    PAIRS_H: tl.constexpr = (PAD[1] + 1) // 2
    PAIRS_W: tl.constexpr = (PAD[2] + 1) // 2
    k = tl.program_id(0) % COLUMNS * BN
    tile = tl.program_id(0) // COLUMNS
    across = tl.cdiv(OW, TW)
    down = tl.cdiv(OH, TH)
    ow = tile % across * TW
    oh = tile // across % down * TH
    n = tile // across // down * TN
    acc = tl.zeros((TN * TH * TW, BN), tl.float32)
    for q in range(KERNEL[1] * KERNEL[2] * BLOCKS):
        tap = q // BLOCKS
        c = q % BLOCKS * BK
        r = tap // KERNEL[2] * DIL[1] - PAD[1] + 2 * PAIRS_H
        s = tap % KERNEL[2] * DIL[2] - PAD[2] + 2 * PAIRS_W
        a = x.load([n, oh + r // 2 - PAIRS_H, r % 2, ow + s // 2 - PAIRS_W, s % 2 * PIXEL + c])
        b = w.load([k, tap, c]).reshape(BN, BK)
        acc = tl.dot(a.reshape(TN * TH * TW, BK), b.T, acc, input_precision=PRECISION)
    columns = k + tl.arange(0, BN)
    acc = affine(acc, columns, columns < K, scale, bias)
    if residual is not None:
        acc = acc + residual.load([n, oh, ow, k]).reshape(TN * TH * TW, BN).to(tl.float32)
    y.store([n, oh, ow, k], activate(acc, ACT, SLOPE).to(y.dtype).reshape(TN, TH, TW, BN))


def pairs(x: Tensor) -> Tensor:
    """A map [N, C, 1, H, W] of even extents as [N, H/2, 2, W/2, pixel + C]: innermost a pair of pixels."""
    n, c, _, h, w = x.shape
    by_n, _, _, by_h, by_w = x.stride()
    return x.as_strided((n, h // 2, 2, w // 2, by_w + c), (by_n, 2 * by_h, by_h, 2 * by_w, 1))


class ConvTmaStride2:
    """Calls of stride 2; the tile is BM x BN x BK, BM positions in a box."""

    name = "conv_tma_stride2"

    def why_not(self, call: ConvCall, config: Config) -> str | None:
        if call.x.shape[2] > 1 or call.kernel[0] > 1 or call.out.shape[2] > 1:
            return "it has three spatial axes"
        if call.stride != (1, 2, 2):
            return "its stride is not 2 on two axes"
        if call.x.shape[3] % 2 or call.x.shape[4] % 2:
            return "its height or width is odd"
        if len(call.sources) > 1:
            return "it has several sources"
        if call.prologue is not None:
            return "it has a prologue, behind which padding is zero"
        if call.channels % config.tile[-1]:
            return f"its {call.channels} channels are no multiple of {config.tile[-1]}"
        return why_no_tma(call)

    def grid(self, call: ConvCall, config: Config) -> tuple[int, ...]:
        bm, bn, _ = config.tile
        return (boxes(call, bm) * cdiv(call.outputs, bn),)

    def build(self, call: ConvCall, config: Config) -> Launch:
        bm, bn, bk = config.tile
        tn, th, tw = best_box(call, bm)
        oh, ow = call.out.shape[3:]
        args = dict(
            x=descriptor(pairs(call.x), (tn, th, 1, tw, bk)),
            w=descriptor(taps(call.weight), (bn, 1, bk)),
            residual=None if call.residual is None else descriptor(pixels(call.residual), (tn, th, tw, bn)),
            y=descriptor(pixels(call.out), (tn, th, tw, bn)),
            OH=oh,
            OW=ow,
            PIXEL=call.x.stride(4),
            C=call.channels,
            K=call.outputs,
            KERNEL=call.kernel,
            PAD=call.before,
            DIL=call.dilation,
            TN=tn,
            TH=th,
            TW=tw,
            BN=bn,
            BK=bk,
            **surroundings(call),
        )
        return Launch(conv_tma_stride2, self.grid(call, config), args, config)
