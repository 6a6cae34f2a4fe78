"""A task: one step that an engine must compute, as those see it who offer to compute it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from netdsl.ops.op import Op
from netdsl.runtime.dtypes import name_of
from netdsl.runtime.prepared import Prepared


@dataclass(frozen=True, eq=False)
class Task:
    """`step` with its weights in float64, and tensors without memory that say how what it reads and writes will lie:
    [N, C, ..], channels together; a value that has a place in a wider buffer has that buffer's strides.

    `sources` are read as if concatenated on channels. `spare` says that nobody reads the residual afterwards, so that
    the result may be written over it.
    """

    step: Prepared
    sources: tuple[Tensor, ...]
    residual: Tensor | None
    out: Tensor
    spare: bool
    dtype: torch.dtype
    device: torch.device
    precision: str  # what float32 is multiplied in: ieee or tf32

    @property
    def x(self) -> Tensor:
        """What the step reads, in one piece."""
        return self.sources[0] if len(self.sources) == 1 else torch.cat(self.sources, 1)

    @property
    def weight_bytes(self) -> int:
        """Of the weights in the task's dtype, norms folded in."""
        held = (self.step.weight, self.step.bias)
        return sum(tensor.numel() for tensor in held if tensor is not None) * self.dtype.itemsize

    @cached_property
    def key(self) -> str:
        """All that the time of a candidate depends on but the machine: equal tasks are measured once."""
        return " ".join(self._words())

    def _words(self) -> Iterator[str]:
        step = self.step
        yield _described(step.core) if step.core is not None else "pointwise"
        if step.weight is not None:
            yield f"weight {_extents(step.weight.shape)}"
        if step.windows is not None:
            yield " ".join(f"{name} {value}" for name, value in step.windows._asdict().items())
        yield "bias" if step.bias is not None else ""
        yield "prologue affine" if step.prologue is not None else ""
        yield f"prologue {_described(step.pre_activation)}" if step.pre_activation is not None else ""
        yield "affine" if step.affine is not None else ""
        yield f"then {_described(step.activation)}" if step.activation is not None else ""
        for source in self.sources:
            yield f"reads {_laid(source)}"
        if self.residual is not None:
            yield f"adds {_laid(self.residual)}{' spare' if self.spare else ''}"
        yield f"writes {_laid(self.out)}"
        yield f"{name_of(self.dtype)} {self.precision}"


def _described(op: Op) -> str:
    """The operator with its attributes."""
    return f"{op.name}({', '.join(f'{name}={_plain(value)}' for name, value in sorted(vars(op).items()))})"


def _plain(value: Any) -> str:
    return f"({','.join(map(_plain, value))})" if isinstance(value, tuple) else str(value)


def _laid(tensor: Tensor) -> str:
    return f"{_extents(tensor.shape)} strides {_extents(tensor.stride())}"


def _extents(extents: tuple[int, ...]) -> str:
    return "x".join(map(str, extents))
