"""What a kernel does to its accumulator before it stores it; called from inside kernels."""

import triton
import triton.language as tl

# Rectifiers keep NaN, as torch's do: a fused network must not hide that it diverged.


@triton.jit
def clip_below(v):
    return tl.maximum(v, 0.0, propagate_nan=tl.PropagateNan.ALL)


@triton.jit
def activate(v, KIND: tl.constexpr, SLOPE: tl.constexpr):
    """The activation of fp32 values, by its name in activation.KINDS."""
    if KIND == "relu":
        v = clip_below(v)
    if KIND == "relu6":
        v = tl.minimum(clip_below(v), 6.0, propagate_nan=tl.PropagateNan.ALL)
    if KIND == "leaky_relu":
        v = tl.where(v > 0, v, v * SLOPE)
    if KIND == "elu":
        v = tl.where(v > 0, v, SLOPE * (tl.exp(v) - 1.0))
    if KIND == "silu":
        v = v / (1.0 + tl.exp(-v))
    if KIND == "sigmoid":
        v = 1.0 / (1.0 + tl.exp(-v))
    if KIND == "tanh":
        e = tl.exp(-2.0 * tl.abs(v))
        v = tl.where(v < 0, -1.0, 1.0) * ((1.0 - e) / (1.0 + e))
    if KIND == "gelu":
        v = 0.5 * v * (1.0 + tl.erf(v * 0.7071067811865476))
    if KIND == "hardswish":
        v = v * tl.minimum(clip_below(v + 3.0), 6.0, propagate_nan=tl.PropagateNan.ALL) * (1.0 / 6.0)
    return v


@triton.jit
def affine(acc, k, inside, scale, bias):
    """acc * scale[k] + bias[k]; either may be None. `inside` masks k."""
    if scale is not None:
        acc = acc * tl.load(scale + k, mask=inside, other=0.0).to(tl.float32)[None, :]
    if bias is not None:
        acc = acc + tl.load(bias + k, mask=inside, other=0.0).to(tl.float32)[None, :]
    return acc
