"""What docs/zoo.json calls an oracle is equalled: same keys, same shapes, same numbers in float64 under equal weights.

`oracle/oracle.json` was recorded from torchvision 0.28.0 and timm 1.0.31 with the weights that `oracle/fill.py` makes
from the keys alone. Where an entry has `train`, one training step was recorded too.
"""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.examples.costs import cost, nightly_if
from tests.examples.networks import ZOO, compiled, recorded
from tests.examples.weights import filled
from tests.oracle.fill import centred, image

ORACLE = recorded("oracle")
NETWORK = {entry["oracle"]: network for network, entry in ZOO.items() if entry["oracle"]}
CLOSE = 1e-8
LARGE = [name for name, network in NETWORK.items() if cost(network).params > 10**8]  # VGGs, one of which will do


def dear(name: str) -> bool:
    return name in LARGE and name != min(LARGE, key=lambda large: cost(NETWORK[large]).macs)


def build(name: str) -> Any:
    return filled(compiled(NETWORK[name]).module)


def sample(entry: dict[str, Any]) -> Tensor:
    return torch.from_numpy(image(entry["input"]))


def check(found: Tensor, shape: list[int], norm: float, index: list[int], value: list[float]) -> None:
    """`found` has this norm, and these values at these places, within 1e-8 of its root mean square."""
    assert list(found.shape) == shape
    rms = norm / math.sqrt(found.numel())
    assert rms > 1e-3
    assert abs(found.norm().item() - norm) <= CLOSE * norm
    differences = (found.flatten()[index] - torch.tensor(value, dtype=torch.float64)).abs()
    assert differences.max().item() <= CLOSE * rms


def test_every_recording_is_of_one_network() -> None:
    assert set(NETWORK) == set(ORACLE)
    assert len(NETWORK) == sum(1 for entry in ZOO.values() if entry["oracle"])


@pytest.mark.parametrize("name", ORACLE)
def test_keys_and_shapes_are_the_oracles(name: str) -> None:
    with torch.device("meta"):
        state = compiled(NETWORK[name]).module().state_dict()
    wanted = [(key, tuple(shape)) for key, shape in ORACLE[name]["state_dict"]]
    found = [(key, tuple(tensor.shape)) for key, tensor in state.items()]
    if name == "googlenet":  # torchvision makes its side heads before `fc`
        wanted, found = sorted(wanted), sorted(found)
    assert found == wanted


@pytest.mark.parametrize("name", nightly_if(ORACLE, dear))
def test_outputs_are_the_oracles(name: str) -> None:
    entry = ORACLE[name]
    module = build(name)
    with torch.inference_mode():
        found = module(sample(entry))
    assert isinstance(found, Tensor)
    check(found, entry["output"], entry["norm"], entry["index"], entry["value"])


@pytest.mark.parametrize("name", nightly_if((name for name in ORACLE if "train" in ORACLE[name]), dear))
def test_training_step_is_the_oracles(name: str) -> None:
    entry = ORACLE[name]
    step = entry["train"]
    module = build(name).train()
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    result = module(sample(entry))
    found = result if isinstance(result, tuple) else (result,)
    assert getattr(result, "_fields", ("output",)) == tuple(step["outputs"])
    loss = torch.zeros((), dtype=torch.float64)
    for i, (tensor, wanted) in enumerate(zip(found, step["outputs"].values(), strict=True)):
        places = torch.linspace(0, tensor.numel() - 1, len(wanted["value"]), dtype=torch.float64).long().tolist()
        check(tensor, wanted["shape"], wanted["norm"], places, wanted["value"])
        weight = torch.from_numpy(centred(f"weight of output {i}", tensor.numel()))
        loss = loss + (tensor.flatten() * weight).sum()
    loss.backward()
    assert abs(loss.item() - step["loss"]) <= CLOSE * abs(step["loss"])

    gradients = {key: weight.grad for key, weight in module.named_parameters()}
    largest = max(step["grad_norm"].values())
    for key, norm in step["grad_norm"].items():
        gradient = gradients[key]
        assert gradient is not None, key
        # A bias before a batch norm has the gradient zero, of which only rounding is left.
        slack = CLOSE * norm if norm > 1e-9 * largest else CLOSE * largest
        assert abs(gradient.norm().item() - norm) <= slack, key
    state = module.state_dict()
    for key, norm in step["running_var_norm"].items():
        assert abs(state[key].norm().item() - norm) <= CLOSE * norm, key


def test_check_sees_a_difference() -> None:
    tensor = torch.from_numpy(centred("x", 12)).reshape(3, 4)
    good = ([3, 4], tensor.norm().item(), [0, 11], [tensor[0, 0].item(), tensor[2, 3].item()])
    check(tensor, *good)
    for wrong in (tensor * (1 + 3e-8), tensor.roll(1), tensor.T):
        with pytest.raises(AssertionError):
            check(wrong, *good)
