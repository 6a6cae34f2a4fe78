"""The functions compute what their names say: their layers to the bit, or the same at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netdsl.kernels import fused
from netdsl.kernels.fused import FusedSequential
from tests.kernels.gate import assert_close
from tests.sites.layers import maps, plainly, randomised, three

FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    name: function
    for name, function in vars(fused).items()
    if name.startswith("conv_") and inspect.isfunction(function)
}
MEANING: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "relu6": F.relu6,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "silu": F.silu,
}
GEOMETRIES: dict[str, dict[str, Any]] = {
    "1x1": {"kernel_size": 1},
    "3x3": {"kernel_size": 3, "padding": 1},
    "strided": {"kernel_size": 3, "stride": 2, "padding": 1},
    "oblong": {"kernel_size": (1, 5), "stride": (2, 1), "padding": (0, 2)},
    "dilated": {"kernel_size": 3, "padding": 2, "dilation": 2},
    "grouped": {"kernel_size": 3, "groups": 2},
    "depthwise": {"kernel_size": 3, "padding": 1, "groups": 6},
    "without bias": {"kernel_size": 3, "bias": False},
}


def arguments(name: str, geometry: str = "3x3") -> tuple[list[Any], dict[str, Any]]:
    conv = randomised(nn.Conv2d(6, 12, **GEOMETRIES[geometry])).eval()
    bn = randomised(nn.BatchNorm2d(12)).eval()
    x = maps(2, 6, 9, 11)
    residual = maps(*conv(x).shape)
    given = [x, conv, *[bn] * ("_bn" in name), *[residual] * ("_add" in name)]
    return given, {"negative_slope": 0.2} if name.endswith("leaky_relu") else {}


def meaning(name: str, x: Tensor, conv: Any, *rest: Any) -> Tensor:
    """What a name says, word by word, in torch."""
    rest_of = list(rest)
    y: Tensor = conv(x)
    if "_bn" in name:
        y = rest_of.pop(0)(y)
    if "_add" in name:
        y = y + rest_of.pop(0)
    for activation, function in MEANING.items():
        if name.removeprefix("conv").replace("_bn", "").replace("_add", "") == f"_{activation}":
            y = function(y)
    return y


def test_there_is_a_function_for_every_combination() -> None:
    words = [[], ["bn"]], [[], ["add"]], [[], *([name] for name in MEANING)]
    names = {"_".join(["conv", *a, *b, *c]) for a in words[0] for b in words[1] for c in words[2]} - {"conv"}
    assert names == set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_on_the_cpu_the_result_is_that_of_the_layers_to_the_bit(name: str) -> None:
    given, settings = arguments(name)
    with torch.no_grad():
        assert torch.equal(FUNCTIONS[name](*given, **settings), meaning(name, *given))


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_at_once_the_result_is_the_same(name: str, geometry: str, taken: list[str]) -> None:
    given, settings = arguments(name, geometry)
    with torch.no_grad():
        found = FUNCTIONS[name](*given, **settings)
        wanted = meaning(name, *[deepcopy(a).double() for a in given])
    assert len(taken) == 1
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert_close(found, wanted)


def test_a_sum_may_be_with_the_input_itself(taken: list[str]) -> None:
    conv, x = randomised(nn.Conv2d(4, 4, 3, padding=1)).eval(), maps(1, 4, 5, 5)
    with torch.no_grad():
        found = fused.conv_add_relu(x, conv, x)
        wanted = F.relu(conv.double()(x.double()) + x.double())
    assert taken == ["relu"]
    assert_close(found, wanted)


def test_in_training_the_result_and_every_gradient_are_those_of_the_layers(taken: list[str]) -> None:
    module: Any = three().train()
    twin = deepcopy(module)
    x = maps(4, 3, 9, 9)
    found, wanted = module(x), plainly(twin, x)
    found.square().sum().backward()
    wanted.square().sum().backward()
    assert taken == []
    assert torch.equal(found, wanted)
    for (name, a), (_, b) in zip(module.named_parameters(), twin.named_parameters(), strict=True):
        assert torch.equal(a.grad, b.grad), name
    for (name, a), (_, b) in zip(module.named_buffers(), twin.named_buffers(), strict=True):
        assert torch.equal(a, b), name


def test_a_sequence_takes_along_what_stands_behind_a_convolution(taken: list[str]) -> None:
    layers = [
        *(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.ReLU()),
        *(nn.Conv2d(4, 4, 1), nn.SiLU(), nn.BatchNorm2d(4), nn.ReLU6()),
        *(nn.Conv2d(4, 4, 1), nn.Dropout(), nn.LeakyReLU(0.2)),
        *(nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4), nn.BatchNorm2d(4)),
        *(nn.Conv2d(4, 4, 3), nn.ReLU(), nn.ReLU6()),
        nn.Conv2d(4, 2, 1),
    ]
    sequence = randomised(FusedSequential(*layers)).eval()
    x = maps(2, 3, 8, 8)
    with torch.no_grad():
        assert_close(sequence(x), nn.Sequential(*deepcopy(layers)).double().eval()(x.double()))
    assert taken == ["relu", "silu", "none", "relu"]
    assert torch.equal(sequence(x), nn.Sequential(*layers)(x))
    assert len(taken) == 4  # with gradients on, the layers ran
    assert list(sequence.state_dict()) == list(nn.Sequential(*layers).state_dict())
    assert type(sequence[3:5]) is FusedSequential
