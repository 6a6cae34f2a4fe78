"""A candidate: one way to compute a task.

Some kernels write where they are told, as ours do; others return a tensor of their own, as oneDNN's do in torch, and an
engine copies it where the value has a place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor

from netdsl.runtime.prepared import Run

# Computes a step of its sources, read as if concatenated on channels, and a residual, which it may overwrite where the
# task calls it spare. The result is new, or the residual, and never any other tensor that lives on.
New: TypeAlias = Callable[[Sequence[Tensor], Tensor | None], Tensor]


@dataclass(frozen=True, slots=True)
class Candidate:
    """`make` packs the weights and returns what computes the task: a `Run` where `writes`, else a `New`."""

    name: str  # for readers: "oneDNN conv + relu"
    make: Callable[[], New | Run]
    writes: bool = False
