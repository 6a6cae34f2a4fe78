"""Random maps as views: of their own memory, a channel slice of a wider buffer, a crop of a larger map, or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from hypothesis import strategies as st
from torch import Tensor

DTYPES = (torch.float32, torch.float16, torch.bfloat16)


@dataclass(frozen=True)
class Place:
    """Where a map lies: so many channels stand before and after it, and so many positions around it on each axis."""

    before: int = 0
    after: int = 0
    around: int = 0


PLAIN = Place()


def places(multiple: int = 1) -> st.SearchStrategy[Place]:
    """Places whose channel offsets keep to multiples, and leave the width of the buffer to `laid`."""
    few = st.integers(0, 2).map(lambda i: i * multiple)
    return st.one_of(st.just(PLAIN), st.builds(Place, few, few, st.integers(0, 1)))


class Random:
    """Signed normal numbers from one seed."""

    def __init__(self, seed: int, device: str = "cpu") -> None:
        self.generator = torch.Generator().manual_seed(seed)
        self.device = device

    def __call__(self, *shape: int, dtype: torch.dtype = torch.float32, spread: float = 1.0) -> Tensor:
        numbers = torch.randn(shape, generator=self.generator) * spread
        return numbers.to(dtype).to(self.device)


@dataclass
class Laid:
    """A map, all the memory that it is a view into, and both as they were."""

    view: Tensor
    memory: Tensor
    before: Tensor
    inner: Tensor  # the same view of `before`

    def assert_neighbours_untouched(self) -> None:
        self.inner.copy_(self.view)
        same = torch.equal(self.before.nan_to_num(3.0), self.memory.nan_to_num(3.0))
        assert same, "the neighbours were written over"


GUARD = 2**15  # elements before and after a buffer


def laid(values: Tensor, place: Place, multiple: int = 1, fill: float = float("nan")) -> Laid:
    """The values [N, C, ...] at their place in a channels-last buffer, whose width is rounded up to `multiple`.

    What stands around them is NaN unless told, and more of it before and after the buffer: a stray read shows in the
    result, and a stray write in the memory.
    """
    n, c, *spatial = values.shape
    width = -(-(place.before + c + place.after) // multiple) * multiple
    shape = torch.Size((n, *(extent + 2 * place.around for extent in spatial), width))
    memory = torch.full((shape.numel() + 2 * GUARD,), fill, dtype=values.dtype, device=values.device)
    cut = tuple(slice(place.around, place.around + extent) for extent in spatial)

    def view(of: Tensor) -> Tensor:
        buffer = of[GUARD : GUARD + shape.numel()].view(shape)
        return buffer[(slice(None), *cut, slice(place.before, place.before + c))].movedim(-1, 1)

    view(memory).copy_(values)
    before = memory.clone()
    return Laid(view(memory), memory, before, view(before))


def weight(random: Random, shape: Sequence[int], layout: str, dtype: torch.dtype) -> Tensor:
    """A weight [K, C, ...] of about unit gain: "torch" is contiguous, "last" has C innermost, "packed" K."""
    fan_in = max(1, torch.Size(shape[1:]).numel())
    if layout == "last":
        values = random(shape[0], *shape[2:], shape[1], dtype=dtype, spread=fan_in**-0.5)
        return values.movedim(-1, 1)
    if layout == "packed":
        values = random(*shape[2:], shape[1], shape[0], dtype=dtype, spread=fan_in**-0.5)
        return values.movedim((-1, -2), (0, 1))
    return random(*shape, dtype=dtype, spread=fan_in**-0.5)
