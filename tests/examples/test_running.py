"""Every network runs forward in eval, and in training with its loss and a backward pass that reaches every parameter.

On numbers, at a small size (`running.py`), all do whose step costs less than `LIMIT`, and of each family at least the
cheapest, unless it costs more than `MOST`. Without data, at the size of its text, which proves shapes and paths, the
cheapest of each family does. The rest follows in the nightly tests.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.examples.costs import cheapest, cost, expense, measured, nightly_if
from tests.examples.networks import FAMILIES, ZOO, compiled, summary
from tests.examples.running import images, loss, results, sized, unreached

LIMIT, MOST = 10**9, 25 * 10**9  # MACs of one pass forward; and with what weights cost
# What adds the same to both embeddings does not move their difference: its gradient is there, and zero.
CANCELLED = {"siamese_lenet": ["tower.7.bias", "tower.8.bias"]}
CHEAPEST = {cheapest(file) for file in FAMILIES}


def heavy(network: str) -> bool:
    return expense(network) > MOST if network in CHEAPEST else cost(network).macs > LIMIT


@pytest.mark.parametrize("network", ZOO)
def test_cost_is_the_recorded_one(network: str) -> None:
    assert measured(network) == cost(network), "run python -m tests.examples.costs"


@pytest.mark.parametrize("network", nightly_if(ZOO, lambda network: network not in CHEAPEST))
def test_network_trains_at_its_own_size_without_data(network: str) -> None:
    found = compiled(network)
    with torch.device("meta"):
        module = found.module()
        inputs = images({name: tuple(shape) for name, shape in summary(network)["inputs"].items()}, batch=2)
        outputs = module.train()(*inputs.values())
        shapes = [list(x.shape[1:]) for x in results(outputs)]
        loss(module, found.graph, inputs, outputs).backward()
    assert shapes == list(summary(network)["outputs"].values())
    assert unreached(module) == []


@pytest.mark.parametrize("network", nightly_if(ZOO, heavy))
def test_network_runs_and_trains(network: str) -> None:
    torch.manual_seed(0)
    graph, build, shapes, batch, _ = sized(network)
    module: nn.Module = build().eval()
    inputs = images(shapes, batch)
    with torch.inference_mode():
        for output in results(module(*inputs.values())):
            assert output.isfinite().all()
            assert output.any()
    outputs = module.train()(*inputs.values())
    step = loss(module, graph, inputs, outputs)
    step.backward()
    assert step.isfinite()
    assert unreached(module) == CANCELLED.get(network, [])


def test_a_parameter_that_is_not_reached_is_found() -> None:
    module = nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.Linear(2, 2), "c": nn.Linear(2, 2)})
    x = module["a"](torch.ones(1, 2))
    (x + module["b"](torch.zeros(1, 2))).sum().backward()
    assert unreached(module) == ["b.weight", "c.weight", "c.bias"]
