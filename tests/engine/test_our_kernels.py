"""The program that a GPU would run, in Triton's interpreter: all passes, kernels that write where they are told,
siblings in one tensor, concatenations that are read where their parts are."""

from __future__ import annotations

import pytest
import torch

import netdsl
from netdsl.passes import run
from netdsl.runtime import interpreter
from netdsl.runtime.engine import building, engine, tasks, triton
from netdsl.runtime.engine.engine import Engine
from tests.engine.models import WHOLE, far, inputs, model_of, truth
from tests.engine.test_engine import ALL_KINDS

SMALL_KINDS = ALL_KINDS.replace("3x20x20", "3x6x6").replace("[18, 18]", "[5, 5]")
SIBLINGS = """
net siblings {
  input x: 4x6x6
  a = x -> concat { conv(4, 1) -> relu; conv(2, 1) -> relu -> conv(4, 3) -> relu; conv(3, 1) -> relu -> conv(2, 3) }
  b, c = a -> conv(8, 1) -> split(2)
  output y = concat(a -> max_pool(2), b -> crop(size = [3, 3])) -> conv(4, 3)
  output z = c + (c -> conv(4, 3))
}
"""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SIBLINGS, id="siblings"),
        pytest.param(SMALL_KINDS, id="every kind", marks=pytest.mark.nightly),
    ],
)
def test_the_program_of_a_gpu(monkeypatch, text):
    monkeypatch.setattr(engine, "has_ours", lambda device, dtype: True)
    monkeypatch.setattr(building, "candidates", lambda task: list(triton.candidates(task)))
    network = netdsl.compile(text)
    model = model_of(network)
    given = inputs(network.graph, 2)
    made = Engine(network.graph, model, batch=2, tune=False)
    with interpreter.quick():
        found = made(*given)
        kernels = [step.kernel for step in made.report(1).steps]
    assert far(found, truth(model, given)).over(WHOLE["float32"]) < 1
    assert kernels.count("Triton") > len(kernels) / 2


def test_siblings_have_one_kernel_and_parts_are_read_where_they_are():
    network = netdsl.compile(SIBLINGS)
    sketch = tasks.Sketch(run(network.graph), 1, torch.float32, torch.device("cuda"), joins=False)
    several = [node for node in sketch.graph.nodes if len(node.shapes) > 1 and node.number in sketch.outs]
    assert [len(node.shapes) for node in several] == [3]
    assert [len(sources[0]) for sources in sketch.sources.values()].count(2) == 1
