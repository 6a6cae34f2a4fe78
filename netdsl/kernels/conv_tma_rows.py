"""The 1x1 convolution as the matrix product that it is, rows of channels by weights, every operand through TMA.

With a prologue the input passes through registers on its way into the product: batch norm and activation before the
conv cost no pass over the map.
"""

import triton
import triton.language as tl
from triton import cdiv

from netdsl.kernels.call import ConvCall, surroundings
from netdsl.kernels.epilogue import activate, affine
from netdsl.kernels.launch import Config, Launch
from netdsl.kernels.tma import descriptor, row_step, rows, why_no_tma


@triton.jit
def conv_tma_rows(
    x, w, bias, scale, residual, y, pre_scale, pre_shift, C: tl.constexpr, K: tl.constexpr,
    ACT: tl.constexpr, SLOPE: tl.constexpr, PRE_ACT: tl.constexpr, PRE_SLOPE: tl.constexpr,
    PRECISION: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    """Descriptors: x [M, C], w [K, C], residual and y [M, K]."""
    COLUMNS: tl.constexpr = (K + BN - 1) // BN
    m = tl.program_id(0) // COLUMNS * BM
    n = tl.program_id(0) % COLUMNS * BN
    acc = tl.zeros((BM, BN), tl.float32)
    for c in range(0, C, BK):
        a = x.load([m, c])
        if pre_scale is not None:
            channel = c + tl.arange(0, BK)
            a = activate(affine(a.to(tl.float32), channel, channel < C, pre_scale, pre_shift), PRE_ACT, PRE_SLOPE)
            a = a.to(x.dtype)  # beyond C the weights are zero
        acc = tl.dot(a, w.load([n, c]).T, acc, input_precision=PRECISION)
    k = n + tl.arange(0, BN)
    acc = affine(acc, k, k < K, scale, bias)
    if residual is not None:
        acc = acc + residual.load([m, n]).to(tl.float32)
    y.store([m, n], activate(acc, ACT, SLOPE).to(y.dtype))


class ConvTmaRows:
    """Calls of a 1x1 on evenly spaced rows; the tile is BM x BN x BK."""

    name = "conv_tma_rows"

    def why_not(self, call: ConvCall, config: Config) -> str | None:
        if call.kernel != (1, 1, 1) or call.stride != (1, 1, 1) or call.padded:
            return "it is no 1x1 of stride 1"
        if len(call.sources) > 1:
            return "it has several sources"
        maps = [call.x, call.out] if call.residual is None else [call.x, call.out, call.residual]
        if any(row_step(x) is None for x in maps):
            return "the positions of a map do not follow one another evenly"
        if call.rows >= 2**31:
            return "there are 2**31 positions or more"
        return why_no_tma(call)

    def grid(self, call: ConvCall, config: Config) -> tuple[int, ...]:
        bm, bn, _ = config.tile
        return (cdiv(call.rows, bm) * cdiv(call.outputs, bn),)

    def build(self, call: ConvCall, config: Config) -> Launch:
        bm, bn, bk = config.tile
        args = dict(
            x=descriptor(rows(call.x), (bm, bk)),
            w=descriptor(call.weight.flatten(1), (bn, bk)),
            residual=None if call.residual is None else descriptor(rows(call.residual), (bm, bn)),
            y=descriptor(rows(call.out), (bm, bn)),
            C=call.channels,
            K=call.outputs,
            BM=bm,
            BN=bn,
            BK=bk,
            **surroundings(call),
        )
        return Launch(conv_tma_rows, self.grid(call, config), args, config)
