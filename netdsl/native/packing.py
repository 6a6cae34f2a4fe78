"""Weights laid out as the kernels read them: panels of outputs, and within a panel tap by tap, channel by channel."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from netdsl.native.step import LANES, PANEL

TILE, POINTS, GAP = 4, 6, 32  # as in winograd.c


def panels(weight: Tensor, groups: int, channels: Sequence[int]) -> Tensor:
    """[K, C/groups, taps] as [groups, panels, sources, taps, channels, PANEL], for sources with `channels` each."""
    outputs, _, taps = weight.shape
    weight = F.pad(weight.view(groups, outputs // groups, -1, taps), (0, 0, 0, 0, 0, -(outputs // groups) % PANEL))
    weight = weight.view(groups, -1, PANEL, *weight.shape[2:]).permute(0, 1, 4, 3, 2)  # .., taps, channels, PANEL
    parts = [part.flatten(2) for part in torch.split(weight, list(channels), 3)]
    return torch.cat(parts, 2).float().contiguous()


def wide(bias: Tensor | None, outputs: int, groups: int = 1) -> Tensor:
    """[K], zeros where there is none, with zeros up to a whole number of panels in each group."""
    given = torch.zeros(outputs, dtype=torch.float64) if bias is None else bias
    return F.pad(given.view(groups, -1), (0, -(outputs // groups) % PANEL)).float().contiguous()


def transformed(weight: Tensor) -> Tensor:
    """[K, C, 3, 3] as [36, panels, C, PANEL]: G w Gᵀ, the values of the weight's polynomial at Winograd's points."""
    rows = [[power / slope for power in (1.0, p, p * p)] for p, slope in _points()] + [[0.0, 0.0, 1.0]]
    g = torch.tensor(rows, dtype=torch.float64)
    found: Tensor = torch.einsum("ir,kcrs,js->ijkc", g, weight.double(), g).flatten(0, 1)
    found = F.pad(found, (0, 0, 0, -weight.shape[0] % PANEL))
    return found.view(len(found), -1, PANEL, weight.shape[1]).transpose(2, 3).float().contiguous()


def _points() -> list[tuple[float, float]]:
    """The finite points of winograd.c, each with the slope there of the polynomial that vanishes at all of them."""
    points = [0.0, math.sqrt(0.5), -math.sqrt(0.5), math.sqrt(2.0), -math.sqrt(2.0)]
    return [(p, math.prod(p - other for other in points if other != p)) for p in points]


def denser(weight: Tensor, groups: int) -> tuple[Tensor, int]:
    """The same convolution in fewer groups, with zeros where groups do not meet, so that they fill vectors better."""
    outputs, channels, *window = weight.shape
    width, merged = outputs // groups, 1
    while width * merged < LANES and groups % (merged * 2) == 0:
        merged *= 2
    if merged == 1:
        return weight, groups
    several = weight.view(groups // merged, merged, width, channels, *window)
    found = weight.new_zeros((groups // merged, merged, width, merged, channels, *window))
    for index in range(merged):
        found[:, index, :, index] = several[:, index]
    return found.view(outputs, merged * channels, *window), groups // merged
