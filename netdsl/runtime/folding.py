"""Batch norm at inference as a factor and a term for each channel, and both folded into the weights before it.

    norm(x) = gamma · (x - mean) / √(var + eps) + beta = scale · x + shift
    norm(weight * x + bias) = (scale · weight) * x + (scale · bias + shift)

with `scale = gamma / √(var + eps)` and `shift = beta - mean · scale` (Jacob et al., 2018, section 3.2). Always computed
in float64, and for each call site afresh: modules that share weights may be followed by different norms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from netdsl.ops.norm import BatchNorm
from netdsl.step import Part

# By whole path, as in a state_dict.
Weights = Mapping[str, Tensor]


class Affine(NamedTuple):
    """`scale · x + shift` for each channel: [C] each, float64."""

    scale: Tensor
    shift: Tensor


def affine(norm: Part, weights: Weights) -> Affine:
    """What a batch norm does at inference."""
    op = norm.op
    assert isinstance(op, BatchNorm)
    mean, variance = held(norm, "running_mean", weights), held(norm, "running_var", weights)
    scale = torch.rsqrt(variance + op.eps)
    if not op.affine:
        return Affine(scale, -mean * scale)
    scale = held(norm, "weight", weights) * scale
    return Affine(scale, held(norm, "bias", weights) - mean * scale)


def fold(weight: Tensor, bias: Tensor | None, norm: Affine) -> tuple[Tensor, Tensor]:
    """Weight, outputs first, and bias with the norm in them."""
    folded = weight * norm.scale.view(-1, *(1,) * (weight.dim() - 1))
    return folded, norm.shift if bias is None else bias * norm.scale + norm.shift


def fold_transposed(weight: Tensor, bias: Tensor | None, norm: Affine, groups: int) -> tuple[Tensor, Tensor]:
    """The same of a transposed convolution, whose weight is [C, K/groups, ..]: the outputs stand group by group."""
    factors = norm.scale.view(groups, 1, -1, *(1,) * (weight.dim() - 2))
    folded = (weight.view(groups, -1, *weight.shape[1:]) * factors).flatten(0, 1)
    return folded, norm.shift if bias is None else bias * norm.scale + norm.shift


def held(part: Part, name: str, weights: Weights) -> Tensor:
    """A weight or buffer of a part, in float64."""
    return weights[f"{part.owner}.{name}"].detach().double()
