"""Rounding to tf32, by its definition: the nearest number of eleven significant bits, ties away from zero."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from netdsl.kernels import observed
from netdsl.runtime.dtypes import nearest_tf32
from netdsl.runtime.engine import triton
from netdsl.runtime.engine.checking import _like
from tests.engine.test_cuda import tasks_of

LEAST = -126 - 10  # the exponent of the last bit of the smallest normal numbers, and of all below them
NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)


def defined(x: float) -> float:
    """The same of one number, in float64, whose arithmetic here is exact."""
    _, exponent = math.frexp(x)
    unit = math.ldexp(1.0, max(exponent - 11, LEAST))
    return math.copysign(math.floor(abs(x) / unit + 0.5) * unit, x)


def rounded(*x: float) -> list[float]:
    found: list[float] = nearest_tf32(torch.tensor(x, dtype=torch.float32)).tolist()
    return found


@given(st.lists(NUMBERS, min_size=1))
def test_numbers_become_the_nearest(numbers):
    largest = math.ldexp(2 - 2**-10, 127)
    assert rounded(*numbers) == [y if abs(y := defined(x)) <= largest else x for x in numbers]


@pytest.mark.parametrize("bits", [1, 2**12 - 1, 2**12, 2**12 + 1, 3 * 2**12, 2**23 - 1])
@pytest.mark.parametrize("sign", [1, -1])
def test_ties_and_their_neighbours(bits, sign):
    x = sign * (1 + bits / 2**23)
    assert rounded(x) == [defined(x)]


def test_what_is_no_number_stays():
    inf, nan = math.inf, math.nan
    largest = torch.finfo(torch.float32).max
    assert rounded(inf, -inf, largest, -0.0) == [inf, -inf, largest, 0.0]
    assert math.copysign(1, rounded(-0.0)[0]) == -1
    loud = torch.tensor([0x7FFFFFFF, -1, 0x7F800001], dtype=torch.int32).view(torch.float32)  # whose bits would carry
    assert bool(nearest_tf32(loud).isnan().all())
    assert math.isnan(rounded(nan)[0])


def test_maps_of_any_layout():
    x = torch.randn(2, 6, 5, 4).movedim(1, -1)[:, ::2]
    assert torch.equal(nearest_tf32(x), torch.tensor([defined(v) for v in x.flatten().tolist()]).view(x.shape))


TEXT = """
net f {
  input x: 8x6x6
  output y = x -> a: conv(16, 3) -> relu -> b: conv(16, 3, groups = 16) -> flatten -> c: linear(3)
}
"""


@pytest.mark.parametrize("precision", ["ieee", "tf32"])
def test_weights_are_packed_so_where_the_matrix_units_read_them(precision):
    for name, task in tasks_of(TEXT, precision=precision).items():
        (offer,) = triton.candidates(task)
        compute = offer.make()
        assert task.step.weight is not None
        sources, out = [_like(source, task) for source in task.sources], _like(task.out, task)
        with observed(run=False) as launches:
            compute(sources, None, out)  # type: ignore[call-arg]
        weight: Tensor = launches[0].args["w"]
        loose = bool((weight.contiguous().view(torch.int32) & 0x1FFF).any())
        assert loose == (precision == "ieee" or name == "b")
