"""The affine, addition and activation that stand alone, and local response normalisation, against torch in float64."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from netdsl.kernels import Activation, Refused, linear, lrn, pointwise
from netdsl.kernels.activation import KINDS
from netdsl.kernels.elementwise import pointwise_reference
from netdsl.kernels.response_norm import lrn_reference
from tests.kernels.conv_case import ACTIVATIONS
from tests.kernels.gate import assert_close
from tests.kernels.maps import DTYPES, Random, laid, places


@settings(max_examples=60)
@given(st.data())
def test_any_pointwise(data: st.DataObject):
    draw = data.draw
    random, dtype = Random(draw(st.integers(0, 2**16))), draw(st.sampled_from(DTYPES))
    shape = (
        draw(st.integers(1, 3)),
        draw(st.sampled_from((1, 3, 17, 130))),
        *draw(st.lists(st.integers(1, 7), max_size=3)),
    )
    x, residual = (laid(random(*shape, dtype=dtype), draw(places())).view for _ in range(2))
    arguments: dict[str, Any] = dict(
        scale=random(shape[1]) if draw(st.booleans()) else None,
        shift=random(shape[1], dtype=draw(st.sampled_from((dtype, torch.float32)))) if draw(st.booleans()) else None,
        residual=residual if draw(st.booleans()) else None,
    )
    activation = draw(ACTIVATIONS)
    double = {name: value if value is None else value.double() for name, value in arguments.items()}
    truth = pointwise_reference(x.double(), **double, activation=activation)
    out = laid(random(*shape, dtype=dtype), draw(places()), fill=5.0)
    assert pointwise(x, **arguments, activation=activation, out=out.view) is out.view
    out.assert_neighbours_untouched()
    assert_close(out.view, truth, least=0.05)


def test_in_place():
    x, residual = (Random(seed)(2, 5, 5, 8).movedim(-1, 1) for seed in (1, 2))
    truth = torch.relu(x.double() + residual.double())
    assert_close(pointwise(x, residual=residual, activation=Activation("relu"), out=x), truth)


@settings(max_examples=30)
@given(st.data())
def test_any_lrn(data: st.DataObject):
    draw = data.draw
    random, dtype = Random(draw(st.integers(0, 2**16))), draw(st.sampled_from(DTYPES))
    spatial = draw(st.lists(st.integers(1, 6), min_size=1, max_size=3))
    shape = (draw(st.integers(1, 2)), draw(st.sampled_from((1, 3, 17, 130))), *spatial)
    x = laid(random(*shape, dtype=dtype), draw(places())).view
    numbers = (draw(st.integers(1, 6)), draw(st.sampled_from((1e-4, 1.0))), draw(st.sampled_from((0.75, 0.5))), 2.0)
    out = laid(random(*shape, dtype=dtype), draw(places()), fill=5.0)
    lrn(x, *numbers, out=out.view)
    out.assert_neighbours_untouched()
    assert_close(out.view, lrn_reference(x.double(), *numbers))


@settings(max_examples=20)
@given(st.data())
def test_any_linear(data: st.DataObject):
    draw = data.draw
    random, dtype = Random(draw(st.integers(0, 2**16))), draw(st.sampled_from(DTYPES))
    n, c, k = draw(st.integers(1, 40)), draw(st.integers(1, 70)), draw(st.integers(1, 40))
    x, weight, bias = random(n, c, dtype=dtype), random(k, c, dtype=dtype, spread=c**-0.5), random(k)
    y = linear(x, weight, bias, activation=Activation("relu"))
    truth = x.double() @ weight.double().T + bias
    assert y.shape == (n, k)
    assert_close(y, truth.relu(), least=0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_activations_are_torch_s_at_the_edges(kind):
    x = torch.tensor(
        [[-math.inf, -1e30, -100.0, -6.0, -3.0, -1e-20, -0.0, 0.0, 1e-20, 3.0, 6.0, 100.0, 1e30, math.inf, math.nan]]
    )
    activation = Activation(kind, 0.1)
    y, truth = pointwise(x, activation=activation), activation(x)
    torch.testing.assert_close(y, truth, rtol=1e-5, atol=1e-6, equal_nan=True)
    assert y[0, -1].isnan()


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda x: pointwise(x.contiguous()), "channels are not together"),
        (lambda x: pointwise(x.double()), "float32, float16 and bfloat16"),
        (lambda x: pointwise(x, residual=x[:, :3]), "the residual has the shape"),
        (lambda x: pointwise(x, scale=torch.ones(3)), r"the scale has the shape \(3,\)"),
        (lambda x: pointwise(x, scale=torch.ones(4).double()), "the scale is torch.float64"),
        (lambda x: pointwise(x, scale=torch.ones(8)[::2]), "the scale is not contiguous"),
        (lambda x: pointwise(x[:, :2], out=x[:, 1:3]), "overlaps the input elsewhere"),
        (lambda x: pointwise(x, out=x[:1, :, :, :1].expand(x.shape)), "the output lies on itself"),
        (lambda x: lrn(x, 0, 1.0, 1.0, 1.0), "1 channel or more"),
        (lambda x: lrn(x, 3, 1.0, 1.0, 1.0, out=x), "overlaps the input"),
        (lambda x: lrn(x[:, :, 0, 0], 3, 1.0, 1.0, 1.0), "1 to 3 spatial axes"),
    ],
)
def test_what_is_refused(call, reason):
    with pytest.raises(Refused, match=reason):
        call(torch.randn(2, 5, 5, 4).movedim(-1, 1))
