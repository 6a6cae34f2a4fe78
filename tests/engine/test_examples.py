"""The engine of every example, on small maps, against the module in float64."""

from __future__ import annotations

import pytest

from netdsl.runtime.engine import Engine
from netdsl.runtime.proof.extents import smallest
from tests.engine.models import WHOLE, far, inputs, model_of, truth
from tests.examples.networks import FAMILIES, ZOO, compiled, summary
from tests.examples.running import cheapest, sized

LIMIT, PARAMETERS = 3 * 10**8, 10**7  # MACs and weights of what the gate runs
CHEAPEST = {cheapest(file) for file in FAMILIES}
LIGHT = [name for name in CHEAPEST if sized(name).macs < LIMIT and summary(name)["params"] < PARAMETERS]


def agree(network: str, *, tune: bool) -> None:
    found = compiled(network)
    model = model_of(found)
    graph, batch = found.graph, 1
    if not any(output.aux for output in graph.outputs):  # shapes of heads that inference leaves out do not shrink
        shrunk = smallest(graph)
        assert shrunk is not None
        (graph,), batch = shrunk, 2
    given = inputs(graph, batch)
    engine = Engine(graph, model, batch=batch, tune=tune)
    assert far(engine(*given), truth(model, given)).over(WHOLE["float32"]) < 1


@pytest.mark.parametrize("network", [name for name in ZOO if name in LIGHT])
def test_engine_of_an_example(network: str) -> None:
    agree(network, tune=False)


@pytest.mark.nightly
@pytest.mark.parametrize("network", ZOO)
def test_tuned_engine_of_every_example(network: str) -> None:
    agree(network, tune=True)
