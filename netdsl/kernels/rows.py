"""A map as rows of channels, one row a position of all images; called from inside kernels."""

import triton
import triton.language as tl


@triton.jit
def row_offsets(m, strides, D, H, W, UNIT: tl.constexpr):
    """Where the rows m begin in a map with these extents and strides; the strides are divided by UNIT."""
    s_n, s_d, s_h, s_w = strides
    return (m // W // H // D * s_n + m // W // H % D * s_d + m // W % H * s_h + m % W * s_w) * UNIT
