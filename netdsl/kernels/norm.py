"""Batch norm at inference, as an affine of each channel behind a convolution: one small launch."""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor
from triton import cdiv

from netdsl.kernels.launch import Config, Launch, launch, need

CONFIG = Config("norm_affine", (256,))


@triton.jit
def norm_affine_kernel(mean, variance, gamma, beta, bias, scale, shift, eps, C, BC: tl.constexpr):
    c = tl.program_id(0) * BC + tl.arange(0, BC)
    inside = c < C
    a = tl.rsqrt(tl.load(variance + c, mask=inside, other=1.0).to(tl.float32) + eps)
    if gamma is not None:
        a = a * tl.load(gamma + c, mask=inside, other=0.0).to(tl.float32)
    m = tl.load(mean + c, mask=inside, other=0.0).to(tl.float32)
    if bias is not None:
        m = m - tl.load(bias + c, mask=inside, other=0.0).to(tl.float32)
    b = -m * a
    if beta is not None:
        b = b + tl.load(beta + c, mask=inside, other=0.0).to(tl.float32)
    tl.store(scale + c, a, mask=inside)
    tl.store(shift + c, b, mask=inside)


def norm_affine(
    mean: Tensor,
    variance: Tensor,
    eps: float,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    bias: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The scale and shift, in fp32, for which `x * scale + shift` is the batch norm of `x + bias`; all are [C].

    Raises Refused, and writes nothing, where the tensors do not fit together.
    """
    for name, tensor in (("variance", variance), ("gamma", gamma), ("beta", beta), ("bias", bias)):
        if tensor is not None:
            need(tensor.shape == mean.shape and tensor.ndim == 1, f"the {name} is {tuple(tensor.shape)}")
            need(tensor.device == mean.device, f"the {name} is on {tensor.device}, not on {mean.device}")
            need(tensor.is_contiguous(), f"the {name} is not contiguous")
    scale, shift = torch.empty((2, *mean.shape), dtype=torch.float32, device=mean.device)
    args = dict(
        mean=mean, variance=variance, gamma=gamma, beta=beta, bias=bias, scale=scale, shift=shift,
        eps=float(eps), C=mean.shape[0], BC=CONFIG.tile[0],
    )  # fmt: skip
    launch(Launch(norm_affine_kernel, (cdiv(mean.shape[0], CONFIG.tile[0]),), args, CONFIG, writes=("scale", "shift")))
    return scale, shift


def norm_affine_reference(
    mean: Tensor,
    variance: Tensor,
    eps: float,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    bias: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """What `norm_affine` computes, in torch's operators and the dtype of the arguments: the truth in float64."""
    scale = torch.rsqrt(variance + eps) if gamma is None else gamma * torch.rsqrt(variance + eps)
    shift = -(mean if bias is None else mean - bias) * scale
    return scale, shift if beta is None else shift + beta
