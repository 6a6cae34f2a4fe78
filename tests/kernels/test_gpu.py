"""The kernels as compiled, on the GPU: what the interpreter cannot show. `python -m pytest -m gpu tests/kernels`."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from hypothesis import given, settings

from netdsl.kernels import Activation, Config, Refused, conv, observed, pointwise
from netdsl.kernels.convolution import conv_reference
from netdsl.kernels.tuning import TILES, configs
from tests.kernels.conv_case import ConvCase, check, conv_cases
from tests.kernels.gate import assert_close
from tests.kernels.maps import DTYPES
from tests.kernels.test_conv_special import boxes
from tests.kernels.test_tuning import EVERY, FULL, TAILS

pytestmark = pytest.mark.gpu
LARGE = 2**31


@settings(max_examples=300)
@given(conv_cases())
def test_any_convolution(case: ConvCase):
    check(case, "cuda")


@settings(max_examples=150)
@given(conv_cases(transposed=True))
def test_any_transposed_convolution(case: ConvCase):
    check(case, "cuda")


@settings(max_examples=150)
@given(conv_cases(kernel_name=""))
def test_whatever_is_chosen(case: ConvCase):
    check(case, "cuda")


@settings(max_examples=150)
@given(boxes(kernel_name="conv_tma_box"))
def test_boxes(case: ConvCase):
    check(case, "cuda")


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(("kind", "config"), EVERY, ids=lambda each: str(each).replace(" ", "-"))
def test_every_configuration_computes_tails(kind: str, config: Config, dtype: torch.dtype):
    if (kind == "half") == (dtype is torch.float32):
        pytest.skip("another arithmetic")
    major, minor = torch.cuda.get_device_capability()
    if config not in configs(config.kernel, kind, 10 * major + minor):
        pytest.skip("dropped on this architecture")
    changes = dict(TAILS[config.kernel])
    if config.kernel == "conv_tma_stride2":
        changes["channels"] = (config.tile[-1],)
    precision = "tf32" if kind == "tf32" else "ieee"
    fields: dict[str, Any] = dict(
        kernel_name=config.kernel, tile=config.tile, warps=config.warps, dtype=dtype, precision=precision
    )
    check(dataclasses.replace(FULL, **fields, **changes), "cuda")


def test_every_kernel_has_a_configuration_here():
    major, minor = torch.cuda.get_device_capability()
    assert any(configs(name, kind, 10 * major + minor) for name, tiles in TILES.items() for kind in tiles)


def test_a_map_of_more_than_two_to_the_31_elements():
    """The last image, past what 32 bits can say, is computed as the first."""
    if torch.cuda.mem_get_info()[0] < 24 * 2**30:
        pytest.skip("needs 24 GiB")
    n, size, c = LARGE // (256 * 256 * 16) + 2, 256, 16
    x = torch.zeros(n, size, size, c, dtype=torch.float16, device="cuda").movedim(-1, 1)
    x[0] = x[-1] = torch.randn(c, size, size, device="cuda").half()
    weight = (torch.randn(c, 3, 3, c, device="cuda") / 12).half().movedim(-1, 1)
    same: dict[str, Any] = dict(stride=(1, 1), padding=((1, 1), (1, 1)), dilation=(1, 1))
    truth = conv_reference(x[-1:].double().cpu(), weight.double().cpu(), activation=Activation("relu"), **same)
    for config in (Config("conv_pointer", (128, 16, 32), 4, 4), None):
        y = conv(x, weight, activation=Activation("relu"), config=config, **same)
        assert_close(y[-1:], truth)
        assert torch.equal(y[0], y[-1])
        del y
    with observed() as launches:
        pointwise(x, activation=Activation("relu"), out=x)
    assert launches[0].args["WIDE"]
    assert torch.equal(x[0], x[-1])
    assert bool((x[-1] >= 0).all())


def test_a_tensor_on_the_cpu_is_refused():
    with pytest.raises(Refused, match="runs on a CUDA device"):
        pointwise(torch.randn(1, 4))
