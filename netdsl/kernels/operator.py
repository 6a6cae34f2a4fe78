"""The one operator behind all call sites: a convolution with what follows it, on the raw tensors of its modules.

    activation(batch_norm(conv(x)) + residual)

Batch norm is an affine of each channel, computed in fp32 from the tensors as they are at this call: nothing is folded,
packed or kept, so nothing can go stale. On CUDA it is one convolution kernel, with the affine, the residual and the
activation in its epilogue, behind a small one that computes the affine. On the CPU it is torch's own operators, which
say what it means.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from netdsl.kernels.activation import KINDS

SCHEMA = (
    "(Tensor x, Tensor weight, Tensor? bias, Tensor? gamma, Tensor? beta, Tensor? mean, Tensor? variance, float eps, "
    "Tensor? residual, int[2] stride, int[2] padding, int[2] dilation, int groups, str activation, float slope) "
    "-> Tensor"
)


def define(name: str) -> Any:
    """Register the operator under a name such as `netdsl::fused_conv`, unless it is, and give its overload."""
    namespace, _, own = name.partition("::")
    home = getattr(torch.ops, namespace)
    if not hasattr(home, own):
        library = torch.library.Library(namespace, "FRAGMENT")
        library.define(own + SCHEMA, tags=(torch.Tag.pt2_compliant_tag,))
        library.impl(own, in_torch, "CPU")
        library.impl(own, in_triton, "CUDA")
        torch.library.register_fake(name, shaped, lib=library)
        torch.library.register_autograd(name, refuse_gradient, lib=library)
        for device in ("cpu", "cuda"):
            library.impl(own, autocast(name, device), f"Autocast{device.upper()}")
        setattr(home, f"{own}_library", library)  # the operator lives as long, whoever of its users goes first
    return getattr(home, own).default


def in_triton(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    gamma: Tensor | None,
    beta: Tensor | None,
    mean: Tensor | None,
    variance: Tensor | None,
    eps: float,
    residual: Tensor | None,
    stride: list[int],
    padding: list[int],
    dilation: list[int],
    groups: int,
    activation: str,
    slope: float,
) -> Tensor:
    """The kernels. fp32 is multiplied as torch's own convolutions would: in TF32 where cuDNN is allowed to."""
    from netdsl.kernels.activation import Activation
    from netdsl.kernels.convolution import conv
    from netdsl.kernels.norm import norm_affine

    scale, shift = None, bias
    if mean is not None and variance is not None:
        scale, shift = norm_affine(mean, variance, eps, gamma, beta, bias)
    return conv(
        x,
        weight,
        shift,
        scale=scale,
        residual=residual,
        activation=Activation(activation, slope),
        stride=stride,
        padding=[(p, p) for p in padding],
        dilation=dilation,
        groups=groups,
        precision="tf32" if torch.backends.cudnn.conv.fp32_precision == "tf32" else "ieee",  # type: ignore[attr-defined]
    )


def in_torch(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    gamma: Tensor | None,
    beta: Tensor | None,
    mean: Tensor | None,
    variance: Tensor | None,
    eps: float,
    residual: Tensor | None,
    stride: list[int],
    padding: list[int],
    dilation: list[int],
    groups: int,
    activation: str,
    slope: float,
) -> Tensor:
    """The same in torch's operators, rounded once at the end as a kernel does."""
    wide = torch.promote_types(x.dtype, torch.float32)

    def widened(tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else tensor.to(wide)

    y = F.conv2d(x.to(wide), weight.to(wide), widened(bias), stride, padding, dilation, groups)
    if mean is not None and variance is not None:
        scale = torch.rsqrt(variance.to(wide) + eps)
        if gamma is not None:
            scale = scale * gamma.to(wide)
        shift = -mean.to(wide) * scale
        if beta is not None:
            shift = shift + beta.to(wide)
        y = y * scale[:, None, None] + shift[:, None, None]
    if residual is not None:
        y = y + residual.to(wide)
    y = KINDS[activation](y, slope)
    return y.to(x.dtype).clone(memory_format=torch.channels_last)


def shaped(x: Tensor, weight: Tensor, *rest: Any) -> Tensor:
    """The result without its numbers: its channels are together in memory."""
    empty = x.new_empty(result_shape(x, weight, *rest[7:10]))
    return empty.to(memory_format=torch.channels_last)


def result_shape(
    x: Tensor, weight: Tensor, stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int]
) -> tuple[int, ...]:
    """[N, K, OH, OW]."""
    extents = [
        (extent + 2 * p - d * (k - 1) - 1) // s + 1
        for extent, k, s, p, d in zip(x.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True)
    ]
    return (x.shape[0], weight.shape[0], *extents)


def refuse_gradient(context: Any, gradient: Tensor) -> Any:
    raise RuntimeError("the fused convolution has no gradient: call the modules themselves, as its call sites do")


def autocast(name: str, device: str) -> Any:
    """What the operator does under autocast: as F.conv2d, with batch norm's tensors as they are."""

    def lowered(x: Tensor, weight: Tensor, bias: Tensor | None, *rest: Any) -> Tensor:
        dtype = torch.get_autocast_dtype(device)

        def low(tensor: Tensor | None) -> Tensor | None:
            return None if tensor is None else tensor.to(dtype)

        norm, residual, settings = rest[:5], rest[5], rest[6:]
        key = getattr(torch._C.DispatchKey, f"Autocast{device.upper()}")
        with torch._C._ExcludeDispatchKeyGuard(torch._C.DispatchKeySet(key)):
            y: Tensor = define(name)(low(x), low(weight), low(bias), *norm, low(residual), *settings)
        return y

    return lowered


FUSED_CONV = define("netdsl::fused_conv")
