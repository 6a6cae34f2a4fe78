"""A step with its weights: all that a kernel is given but the maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from netdsl.form import Epilogue, Form
from netdsl.ops.conv import Conv, Deconv
from netdsl.ops.linear import Linear
from netdsl.ops.norm import BatchNorm
from netdsl.ops.op import Op, Shape
from netdsl.ops.pool import AvgPool, MaxPool
from netdsl.runtime.folding import Affine, Weights, affine, fold, fold_transposed, held
from netdsl.runtime.geometry import Geometry, geometry, known
from netdsl.step import Part


@dataclass(frozen=True, eq=False)
class Prepared:
    """`activation(core(pre_activation(prologue(x))) + residual)`; what is None is left out.

    Tensors are float64. The weights hold the norm that follows the core, and those of siblings are joined, outputs
    first. Without a core, `affine` is the norm: `activation(affine(x) + residual)`.
    """

    form: Form
    channels: int  # of the source
    device: torch.device
    prologue: Affine | None
    pre_activation: Op | None
    core: Op | None
    windows: Geometry | None
    weight: Tensor | None
    bias: Tensor | None
    affine: Affine | None
    activation: Op | None

    @property
    def residual(self) -> int | None:
        """The operand that is added."""
        residual = self.form.epilogues[0].residual
        return None if residual is None else residual.slot


# Computes a step of its sources, read as if concatenated on channels, and a residual, into the last: [N, C, ..] all.
Run: TypeAlias = Callable[[Sequence[Tensor], Tensor | None, Tensor], None]


def prepare(
    form: Form, channels: int, shapes: Mapping[str, tuple[Shape, ...]], weights: Weights, device: torch.device
) -> Prepared:
    """The step of `form` with its weights; `shapes` has those of each part's operands, by its name, and `channels` how
    many the source has."""
    norm = next((part for part in form.prologue if isinstance(part.op, BatchNorm)), None)
    pre_activation = next((part.op for part in form.prologue if part is not norm), None)
    end = form.epilogues[0]
    core = form.core
    weight, bias, windows = None, None, None
    if core is not None:
        weight, bias = _siblings(form, weights)
        if isinstance(core.op, Conv | Deconv | MaxPool | AvgPool):
            windows = geometry(core.op, len(shapes[core.name][0]) - 1)
        if form.flatten is not None:  # a linear layer that reads a whole map: a convolution whose window is the map
            assert weight is not None
            weight = weight.view(-1, *known(shapes[form.flatten.name][0]))
    return Prepared(
        form,
        channels,
        device,
        None if norm is None else affine(norm, weights),
        pre_activation,
        None if core is None else core.op,
        windows,
        weight,
        bias,
        affine(end.norm, weights) if core is None and end.norm is not None else None,
        None if end.activation is None else end.activation.op,
    )


def _siblings(form: Form, weights: Weights) -> tuple[Tensor | None, Tensor | None]:
    """Weight and bias of all cores in a row; a bias is zero where only others have one. None for pools."""
    found = [_folded(core, end, weights) for core, end in zip(form.cores, form.epilogues, strict=True)]
    if len(found) == 1:
        return found[0]
    rows = [weight for weight, _ in found if weight is not None]
    biases = [
        torch.zeros(len(weight), dtype=weight.dtype, device=weight.device) if bias is None else bias
        for weight, bias in found
        if weight is not None
    ]
    return torch.cat(rows), None if all(bias is None for _, bias in found) else torch.cat(biases)


def _folded(core: Part, end: Epilogue, weights: Weights) -> tuple[Tensor | None, Tensor | None]:
    """Weight and bias of a core, with the norm after it."""
    op = core.op
    if not isinstance(op, Conv | Deconv | Linear):
        return None, None
    weight = held(core, "weight", weights)
    bias = held(core, "bias", weights) if op.bias else None
    if end.norm is None:
        return weight, bias
    if isinstance(op, Deconv):
        return fold_transposed(weight, bias, affine(end.norm, weights), op.groups)
    return fold(weight, bias, affine(end.norm, weights))
