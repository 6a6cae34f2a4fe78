"""A peer made ready for one case, and the ways in which it cannot be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor


class Unfit(Exception):
    """Why a peer takes no part in a case, in words for its row."""


@dataclass(frozen=True)
class Contender:
    """`run` makes one pass over the batch and may return before a device is done; `wait` does not. `tensors` reads what
    a pass returned, in the order of the network's outputs. `note` says how it was set up."""

    run: Callable[[], Any]
    tensors: Callable[[Any], Sequence[Tensor]]
    wait: Callable[[Any], object]
    note: str = ""


def leaves(value: Any) -> list[Tensor]:
    """The tensors of what a torch module returned."""
    return [value] if isinstance(value, Tensor) else [leaf for part in value for leaf in leaves(part)]
