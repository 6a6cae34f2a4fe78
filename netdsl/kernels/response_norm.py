"""Local response normalisation: each value over a power of the mean square of its neighbours on the channel axis."""

from __future__ import annotations

import torch.nn.functional as F
import triton
import triton.language as tl
from torch import Tensor
from triton import cdiv

from netdsl.kernels.elementwise import rows_config
from netdsl.kernels.launch import Config, Launch, launch, need
from netdsl.kernels.layout import as_maps, check_map, check_output, disjoint, new_map, scaled, unit, wide
from netdsl.kernels.rows import row_offsets


@triton.jit
def lrn_kernel(
    x, x_strides, y, y_strides, N, D, H, W, alpha, beta, k,
    SIZE: tl.constexpr, C: tl.constexpr, X_UNIT: tl.constexpr, Y_UNIT: tl.constexpr,
    WIDE: tl.constexpr, BM: tl.constexpr, BC: tl.constexpr,
):  # fmt: skip
    COLUMNS: tl.constexpr = (C + BC - 1) // BC
    pid = tl.program_id(0)
    if WIDE:
        pid = pid.to(tl.int64)
    m = pid // COLUMNS * BM + tl.arange(0, BM)
    c = (pid % COLUMNS).to(tl.int32) * BC + tl.arange(0, BC)
    in_m = (m < N * D * H * W)[:, None]
    rows = x + row_offsets(m, x_strides, D, H, W, X_UNIT)[:, None]
    squares = tl.zeros((BM, BC), tl.float32)
    for j in range(SIZE):
        near = c + j - SIZE // 2
        v = tl.load(rows + near[None, :], mask=in_m & ((near >= 0) & (near < C))[None, :], other=0.0).to(tl.float32)
        squares += v * v
    inside = in_m & (c < C)[None, :]
    v = tl.load(rows + c[None, :], mask=inside, other=0.0).to(tl.float32)
    v = v * tl.exp2(-beta * tl.log2(k + alpha * (squares / SIZE)))
    at = row_offsets(m, y_strides, D, H, W, Y_UNIT)[:, None] + c[None, :]
    tl.store(y + at, v.to(y.dtype.element_ty), mask=inside)


def lrn(
    x: Tensor,
    size: int,
    alpha: float,
    beta: float,
    k: float,
    out: Tensor | None = None,
    config: Config | None = None,
) -> Tensor:
    """`x / (k + alpha * mean of x² over size channels) ** beta` as in torch: zeros stand beyond the channels."""
    need(3 <= x.ndim <= 5, f"lrn takes a map with 1 to 3 spatial axes, not {x.ndim - 2}")
    need(size >= 1, f"lrn looks at 1 channel or more, not {size}")
    check_map(x, "the input", like=x)
    out = new_map(x.shape, x) if out is None else out
    check_output(out, like=x, shape=x.shape)
    need(disjoint(out, x), "the output overlaps the input")

    config = rows_config("lrn", x.shape[1]) if config is None else config
    bm, bc = config.tile
    x5, y5 = as_maps(x), as_maps(out)
    x_unit, y_unit = unit(x5), unit(y5)
    n, c, d, h, w = x5.shape
    args = dict(
        x=x5, x_strides=scaled(x5, x_unit), y=y5, y_strides=scaled(y5, y_unit), N=n, D=d, H=h, W=w,
        alpha=float(alpha), beta=float(beta), k=float(k), SIZE=size, C=c, X_UNIT=x_unit, Y_UNIT=y_unit,
        WIDE=wide(x5, y5), BM=bm, BC=bc,
    )  # fmt: skip
    launch(Launch(lrn_kernel, (cdiv(n * d * h * w, bm) * cdiv(c, bc),), args, config))
    return out


def lrn_reference(x: Tensor, size: int, alpha: float, beta: float, k: float) -> Tensor:
    """What `lrn` computes, in torch."""
    return F.local_response_norm(x, size, alpha, beta, k)
