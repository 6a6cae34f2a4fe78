"""Emitted modules go where modules go: through torch.export, into safetensors and back, into several processes.

Of each family the network that costs least does so here, at a small size, where that is not much; all others in the
nightly tests.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn

from tests.examples import data_parallel
from tests.examples.costs import cheapest, expense, nightly_if
from tests.examples.networks import FAMILIES, ZOO, compiled
from tests.examples.running import images, results, sized

LIMIT = 5 * 10**9  # MACs, and what weights cost, of what is exported in the gate
CHEAPEST = [cheapest(file) for file in FAMILIES]
OTHERS = [network for network in ZOO if network not in CHEAPEST]


def built(network: str) -> tuple[nn.Module, dict[str, Tensor], tuple[Tensor, ...]]:
    """A module in eval whose batch norms are not fresh, a small input, and what comes of it."""
    torch.manual_seed(0)
    small = sized(network)
    module = small.module().eval()
    for name, buffer in module.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(std=0.1)
        elif name.endswith("running_var"):
            buffer.uniform_(0.5, 1.5)
    inputs = images(small.inputs, small.batch)
    return module, inputs, computed(module, inputs)


def computed(module: Any, inputs: dict[str, Tensor]) -> tuple[Tensor, ...]:
    """The outputs, with the same random numbers each time: a variational autoencoder draws some at inference too."""
    torch.manual_seed(0)
    with torch.inference_mode():
        return results(module(*inputs.values()))


def assert_same(found: tuple[Tensor, ...], wanted: tuple[Tensor, ...]) -> None:
    for a, b in zip(found, wanted, strict=True):
        assert b.isfinite().all()
        torch.testing.assert_close(a, b)


def exchange(network: str) -> None:
    module, inputs, wanted = built(network)
    exported = torch.export.export(module, tuple(inputs.values()))
    assert_same(computed(exported.module(), inputs), wanted)

    data = safetensors.torch.save(module.state_dict())
    again = sized(network).module().eval()
    again.load_state_dict(safetensors.torch.load(data))
    assert_same(computed(again, inputs), wanted)


@pytest.mark.parametrize("network", nightly_if(CHEAPEST, lambda network: expense(network) > LIMIT))
def test_network_survives_export_and_safetensors(network: str) -> None:
    exchange(network)


@pytest.mark.nightly
@pytest.mark.parametrize("network", OTHERS)
def test_other_network_survives_export_and_safetensors(network: str) -> None:
    exchange(network)


def test_assert_same_sees_a_difference() -> None:
    x = torch.randn(3)
    with pytest.raises(AssertionError):
        assert_same(results(x * 1.001), (x,))
    with pytest.raises(ValueError):
        assert_same((x, x), (x,))


def test_two_processes_train_as_one(tmp_path: Path) -> None:
    path = tmp_path / "lenet.py"
    path.write_text(compiled("lenet").source(), encoding="utf-8")
    spawn(data_parallel.train, args=(2, path, tmp_path), nprocs=2)
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))

    alone = data_parallel.network(path)
    start = {key: weight.clone() for key, weight in alone.state_dict().items()}
    data_parallel.steps(alone, slice(None), alone.loss)
    for key, weight in alone.state_dict().items():
        assert torch.equal(first[key], second[key]), key
        torch.testing.assert_close(first[key], weight)
        assert not torch.equal(weight, start[key]), key
