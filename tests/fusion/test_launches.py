"""The number of steps that a fused network is said to have is the number of kernels that it launches."""

from __future__ import annotations

import pytest

import netdsl
from netdsl.step import kernels
from tests.examples.networks import compiled
from tests.fusion.launches import launches

# The most that may be left, by the published structure of each network.
STEPS = {"resnet50": 56, "googlenet_torchvision": 54, "densenet121": 126, "vgg16": 21, "unet": 27}
MORE = (
    "alexnet",
    "googlenet",
    "resnet18",
    "resnext50_32x4d",
    "mobilenet_v1",
    "mobilenet_v2",
    "fcn8s",
    "lenet",
    "zfnet",
)


@pytest.mark.parametrize(("name", "steps"), STEPS.items())
def test_a_network_launches_no_more_than_it_must(name, steps):
    network = compiled(name)
    ours, torchs = launches(network)
    assert len(kernels(network.fused)) == ours + len(torchs) == steps
    assert not [operator for operator in torchs if "cat" in operator or "copy" in operator or "clone" in operator]


@pytest.mark.parametrize("name", MORE)
def test_a_network_launches_its_steps(name):
    network = compiled(name)
    ours, torchs = launches(network)
    assert len(kernels(network.fused)) == ours + len(torchs)


def test_kernels_that_run_are_counted_alike():
    network = netdsl.compile(
        "net f { input x: 3x9x9; output y = x -> concat { conv(4, 3) -> relu; max_pool(3, stride = 1, pad = 1) }"
        " -> conv(5, 3, stride = 2) -> batch_norm -> softmax }"
    )
    assert launches(network) == (3, ["aten._softmax.default"])
    assert launches(network, run=True)[0] == 3  # the interpreter calls operators of torch's of its own


def test_a_copy_is_counted():
    network = netdsl.compile("net f { input x: 4x4x4; output y = x -> concat { in; in -> conv(4, 3) } -> max_pool(2) }")
    ours, torchs = launches(network)
    assert len(kernels(network.fused)) == ours + len(torchs) == 3
    assert torchs == ["aten.cat.default"]
