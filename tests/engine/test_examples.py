"""The engine of every example, on small maps, against the module in float64."""

from __future__ import annotations

import pytest
import torch

from netdsl.passes import run
from netdsl.runtime.engine import Engine, engine
from netdsl.runtime.engine.passes import passes
from netdsl.runtime.proof.extents import smallest
from netdsl.runtime.proof.gates import worst
from tests.engine.models import WHOLE, far, inputs, model_of, truth
from tests.examples.costs import cheapest, cost
from tests.examples.networks import FAMILIES, ZOO, compiled
from tests.examples.running import in_layouts

LIMIT, PARAMETERS = 3 * 10**8, 10**7  # MACs and weights of what the gate runs
CHEAPEST = {cheapest(file) for file in FAMILIES}
LIGHT = [name for name in CHEAPEST if cost(name).macs < LIMIT and cost(name).params < PARAMETERS]


def agree(network: str, monkeypatch: pytest.MonkeyPatch, *, tune: bool) -> None:
    found = compiled(network)
    model = model_of(found)
    fused = smallest(run(found.graph, passes(True)))  # what inference leaves out, heads and losses, would not shrink
    assert fused is not None
    (graph,) = fused
    monkeypatch.setattr(engine, "run_passes", lambda graph, passes: graph)
    given = inputs(graph, 2)
    made = Engine(graph, model, batch=2, tune=tune)
    wanted = truth(model, given)
    error = far(made(*given), wanted)
    with torch.no_grad():
        own = worst(
            far(outputs, wanted) for outputs in in_layouts(model, given)
        )  # warps and the like make much of little
    # Warps and the like make much of little.
    assert error.over(WHOLE["float32"]) < 1 or error.rms < 4 * own.rms


@pytest.mark.parametrize("network", [name for name in ZOO if name in LIGHT])
def test_engine_of_an_example(network: str, monkeypatch: pytest.MonkeyPatch) -> None:
    agree(network, monkeypatch, tune=False)


@pytest.mark.nightly
@pytest.mark.parametrize("network", ZOO)
def test_tuned_engine_of_every_example(network: str, monkeypatch: pytest.MonkeyPatch) -> None:
    agree(network, monkeypatch, tune=True)
