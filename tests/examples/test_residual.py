"""The papers' residual and dense networks, ResNeXt's paths and the LeNet-5 of 1998 are what their papers write."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import netdsl
from tests.examples.networks import EXAMPLES
from tests.examples.residual import Bottleneck, Preact, Unit, dense, lenet5, lenet5_loss, residual
from tests.examples.weights import copied, filled
from tests.oracle.fill import image


def module(file: str, network: str) -> Any:
    return filled(netdsl.compile(EXAMPLES / file, network=network).module)


def sample(*shape: int) -> Tensor:
    return torch.from_numpy(image((2, *shape)))


def assert_same(found: Tensor, wanted: Tensor) -> None:
    rms = wanted.square().mean().sqrt().item()
    assert rms > 1e-3
    assert found.shape == wanted.shape
    assert (found - wanted).abs().max().item() <= 1e-10 * rms


CASES: dict[tuple[str, str], Callable[[], nn.Module]] = {
    ("resnet_cifar.net", "resnet20"): lambda: residual(Unit, (3, 3, 3), width=16),
    ("resnet_cifar.net", "plain20"): lambda: residual(partial(Unit, plain=True), (3, 3, 3), width=16),
    ("resnet_paper.net", "resnet34_a"): lambda: residual(Unit, (3, 4, 6, 3)),
    ("plain.net", "plain34"): lambda: residual(partial(Unit, plain=True), (3, 4, 6, 3)),
    ("resnet_paper.net", "resnet50_paper"): lambda: residual(Bottleneck, (3, 4, 6, 3), expansion=4),
    ("resnet_preact.net", "preact_resnet200"): lambda: residual(Preact, (3, 24, 36, 3), expansion=4, last=True),
    ("resnet_preact.net", "preact_resnet200_late"): lambda: residual(
        partial(Preact, late=True), (3, 24, 36, 3), expansion=4, last=True
    ),
    ("densenet_cifar.net", "densenet40_k12"): lambda: dense(12, 12, False),
    ("densenet_cifar.net", "densenet_bc100_k12"): lambda: dense(16, 12, True),
}


@pytest.mark.parametrize(("file", "network"), CASES)
def test_network_equals_its_paper(file: str, network: str) -> None:
    found = module(file, network)
    wanted = copied(found, CASES[file, network])
    size = 32 if "cifar" in file else 64
    with torch.inference_mode():
        assert_same(found(sample(3, size, size)), wanted(sample(3, size, size)))


def test_lenet_of_1998_equals_its_paper() -> None:
    found = module("lenet5.net", "lenet5")
    weights = found.state_dict()
    weights["rbf"].sign_()
    x, label = sample(1, 32, 32), torch.tensor([3, 7])
    with torch.inference_mode():
        distances = lenet5(x, weights)
        assert_same(found(x), distances)
        for j in (0.1, 1.0, 30.0):
            found.j = j
            assert_same(found.loss(0.1 * distances, label), lenet5_loss(0.1 * distances, label, j))


def test_paths_of_resnext_are_its_grouped_convolution() -> None:
    """Figure 3 (a) and (c): path i has the i-th part of every weight."""
    grouped, paths = module("resnext.net", "resnext50_32x4d"), module("resnext.net", "resnext50_paths")
    weights = grouped.state_dict()
    names = {"0": "conv1", "1": "bn1", "3": "conv2", "4": "bn2", "6": "conv3"}
    for key, target in paths.state_dict().items():
        if ".path" in key:
            unit, rest = key.split(".path")
            path, place, leaf = rest.split(".")
            source = weights[f"{unit}.{names[place]}.{leaf}"]
            if source.dim() > 0:
                source = source.chunk(32, 1 if place == "6" else 0)[int(path) - 1]
        else:
            source = weights[key.replace(".bn.", ".bn3.")]
        target.copy_(source)
    with torch.inference_mode():
        assert_same(paths(sample(3, 64, 64)), grouped(sample(3, 64, 64)))
