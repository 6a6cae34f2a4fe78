"""The whole plan by the kernels, in Triton's interpreter: every step on what the steps before it made, on all channels,
in the places of wider buffers and the reused memory that the plan gives it. The smallest examples here, all at night.

The truth is the plain module in float64. Errors grow from layer to layer, in some networks a thousandfold, so they are
held against those of torch's own operators in float32 on the same numbers, in the worse of its layouts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

import netdsl
from netdsl.runtime import interpreter
from netdsl.runtime.executor import Executor
from netdsl.runtime.proof import draw
from netdsl.runtime.proof.extents import smallest
from netdsl.runtime.proof.gates import GATES, Error, measure, worst
from tests.examples.networks import ZOO, compiled, plugin
from tests.examples.running import in_layouts, results
from tests.fusion.exact import plain

SOME = ("lenet_short", "conv_autoencoder", "inception_reduced")
TIMES = 4  # torch's own error: sums of as many numbers in another order


def run(name: str) -> tuple[Error, Error]:
    """The errors of the kernels and of torch's operators, both in float32."""
    network = compiled(name)
    sized = smallest(network.fused, network.graph)
    assert sized is not None
    fused = sized[0]
    module = plain(network)
    weights = {path: x.float().to(x.dtype) for path, x in module.state_dict().items()}
    module.load_state_dict(weights)
    inputs = draw.inputs([fused.nodes[number] for number in fused.inputs], 1)
    inputs = [x.float().double() if x.is_floating_point() else x for x in inputs]
    single = [x.float() if x.is_floating_point() else x for x in inputs]
    with torch.inference_mode(), interpreter.quick():
        torch.manual_seed(0)
        wanted = results(module(*inputs))
        torchs = in_layouts(module.float(), single)
        torch.manual_seed(0)
        ours = results(Executor(fused, weights, "kernels", dtype=torch.float32, reuse=True)(*single))
    assert all(x.square().mean() > 0 for x in wanted)

    def error(found: Sequence[Tensor]) -> Error:
        return worst(measure(x, y) for x, y in zip(found, wanted, strict=True))

    return error(ours), worst(map(error, torchs))


def execute(name: str, counted: Callable[[str, int], None]) -> None:
    with plugin(ZOO[name]):
        ours, torchs = run(name)
    gate = GATES["ieee"]
    assert ours.rms <= max(TIMES * torchs.rms, gate.rms), (ours, torchs)
    assert ours.largest <= max(TIMES * torchs.largest, gate.largest), (ours, torchs)
    counted("examples executed by kernels from end to end", 1)


def test_what_weights_alone_make_meets_every_sample():
    network = netdsl.compile("""
    net learned {
      input x: 8x6x6
      p = parameter([8, 6, 6], init = normal(std = 1.0))
      output y = (x -> conv(8, 3)) + (p -> conv(8, 3) -> relu) -> relu
    }
    """)
    module, given = plain(network), draw.inputs([network.graph.nodes[number] for number in network.graph.inputs], 3)
    with torch.inference_mode(), interpreter.quick():
        (found,) = Executor(network.fused, module.state_dict(), "kernels", dtype=torch.float32)(*given)
        assert measure(found, module(*given)).over(GATES["ieee"]) <= 1


@pytest.mark.parametrize("name", SOME)
def test_an_example_is_executed_by_kernels(name, counted):
    execute(name, counted)


@pytest.mark.nightly
@pytest.mark.parametrize("name", ZOO)
def test_every_example_is_executed_by_kernels(name, counted):
    execute(name, counted)
