"""What candidates are held against: bands of rows that are those of the whole, and no error that goes unseen."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import netdsl
from netdsl.passes import run
from netdsl.runtime import algebra
from netdsl.runtime.engine import reference
from netdsl.runtime.engine.passes import passes
from netdsl.runtime.engine.reference import BAND, Reference
from netdsl.runtime.engine.task import Task
from netdsl.runtime.engine.tasks import Sketch
from tests.engine.models import model_of

CONVOLUTIONS = [
    "conv(6, 3)",
    "conv(6, 3, stride = 2)",
    "conv(6, 5, stride = 3, pad = 1)",
    "conv(6, 3, dilation = 2)",
    "conv(8, 5x1, pad = [[1, 3], [0, 0]], groups = 4)",
    "batch_norm -> relu -> conv(6, 7)",
    "conv(6, 2, pad = 0)",
]


def task_of(layer: str, batch: int) -> Task:
    """The convolution of a network as the engine has it."""
    network = netdsl.compile(f"net f {{ input x: 4x101x13; output y = x -> {layer} }}")
    graph = run(network.graph, passes(True))
    sketch = Sketch(graph, batch, torch.float32, torch.device("cpu"), joins=False)
    weights = model_of(network).state_dict()
    (found,) = (sketch.task(node, weights, "ieee") for node in graph.nodes if node.op is not None)
    assert found is not None
    return found


def drawn(task: Task) -> list[Tensor]:
    torch.manual_seed(0)
    return [torch.randn(source.shape) for source in task.sources]


def whole(task: Task, sources: list[Tensor]) -> Tensor:
    out = torch.empty(task.out.shape, dtype=torch.float64)
    algebra.run(task.step, [source.double() for source in sources], None, out)
    return out


@pytest.mark.parametrize("layer", CONVOLUTIONS)
def test_bands_are_those_of_the_whole(layer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_of(layer, 3)
    sources = drawn(task)
    right = whole(task, sources)
    everything = Reference(task, sources, None)
    monkeypatch.setattr(reference, "LARGE", 0)
    bands = Reference(task, sources, None)
    rows = right.shape[2]
    assert everything.bands == []
    assert len(bands.bands) == 3
    assert (bands.bands[0][0], bands.bands[-1][1]) == (0, rows)
    assert everything.error(right).largest == 0
    assert bands.error(right).largest < 1e-12


def test_where_a_band_would_read_nothing_all_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "LARGE", 0)
    task = task_of("conv(6, 5, stride = 2, pad = 30)", 2)
    sources = drawn(task)
    held = Reference(task, sources, None)
    assert held.bands == []
    assert held.error(whole(task, sources)).largest == 0


@pytest.mark.parametrize("large", [0, 10**9])
@pytest.mark.parametrize(("sample", "row"), [(0, 0), (0, 52), (2, -1), (2, BAND - 1)])
def test_a_wrong_number_is_seen(sample: int, row: int, large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "LARGE", large)
    task = task_of("conv(6, 3)", 3)
    sources = drawn(task)
    found = whole(task, sources)
    held = Reference(task, sources, None)
    found[sample, 5, row, 4] += 1
    assert 0.1 < held.error(found).largest < 10


@pytest.mark.parametrize("large", [0, 10**9])
@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_what_is_left_out_anywhere_is_seen(bad: float, large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "LARGE", large)
    task = task_of("conv(6, 3)", 3)
    sources = drawn(task)
    found = whole(task, sources)
    held = Reference(task, sources, None)
    found[1, 2, 30, 4] = bad  # of a sample and a row that no number is compared of
    assert held.error(found).largest == torch.inf
