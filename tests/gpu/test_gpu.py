"""Fusion on the GPU, whole: `python -m pytest -m gpu` runs this and the kernels' own tests, and needs nothing else.

Random networks in every precision and layout, the zoo through the proof of `netdsl verify --cuda`, the launches that
CUDA itself counts, and emitted modules with their call sites.
"""

from __future__ import annotations

import pytest
import torch

from netdsl.runtime.executor import Executor
from netdsl.runtime.proof import draw
from netdsl.runtime.proof.extents import smallest
from netdsl.runtime.proof.gates import GATES, measure
from netdsl.runtime.proof.isolated import DTYPES
from netdsl.runtime.proof.whole import skeleton
from tests.examples.networks import ZOO, compiled, plugin
from tests.fusion.test_launches import STEPS
from tests.gpu import checks

pytestmark = pytest.mark.gpu
NETWORKS, BLOCK = 300, 3
# Nearly all the time goes into compiling kernels, which each network has others of.
BLOCKS = [pytest.param(block, marks=pytest.mark.nightly if block else ()) for block in range(NETWORKS // BLOCK)]


@pytest.fixture
def device() -> torch.device:
    return torch.device("cuda")


@pytest.mark.parametrize("way", DTYPES)
@pytest.mark.parametrize("block", BLOCKS)
def test_every_kernel_of_random_networks(block, way, device, counted):
    for seed in range(BLOCK * block, BLOCK * (block + 1)):
        counted(f"kernels alone in {way}", checks.kernels_alone(seed, way, device))
        counted(f"kernels alone in {way}, whole maps", checks.kernels_alone(seed, way, device, margin=0))


@pytest.mark.parametrize("layout", checks.LAYOUTS)
@pytest.mark.parametrize("way", DTYPES)
@pytest.mark.parametrize("block", BLOCKS)
def test_random_networks_whole(block, way, layout, device, counted):
    for seed in range(BLOCK * block, BLOCK * (block + 1)):
        checks.network_whole(seed, way, layout, device)
    counted("random networks whole, in all precisions and layouts", BLOCK)


@pytest.mark.nightly
@pytest.mark.parametrize("name", ZOO)
def test_the_zoo_is_proved(name, counted):
    with plugin(ZOO[name]):
        proof = compiled(name).verify(cuda=True)
    assert proof.passed, [check.json() for check in proof.failures]
    counted("networks of the zoo proved on the GPU", 1)
    for way, made in proof.ways().items():
        counted(f"checks: {way}", len(made))


@pytest.mark.parametrize("name", STEPS)
def test_cuda_counts_as_many_launches_as_there_are_steps(name, device):
    network = compiled(name)
    sized = smallest(network.fused)
    assert sized is not None
    (fused,) = sized
    weights = draw.weights(skeleton(network.module).state_dict())
    executor = Executor(fused, weights, "kernels", dtype=torch.float16, device=device)
    with torch.inference_mode():
        values = executor.values(draw.inputs([fused.nodes[number] for number in fused.inputs], 1))
        for _ in range(2):  # compiled by then
            nodes = [node for node in fused.nodes if node.op is not None]
            torch.cuda.synchronize()
            # Without `acc_events` torch warns that events are cleared between cycles.
            with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA], acc_events=True) as profile:
                for node in nodes:
                    executor.step(node, values)
                torch.cuda.synchronize()
    launched = [event for event in profile.events() or () if str(event.device_type).endswith("CUDA")]
    assert len(launched) == checks.steps(network), [event.name for event in launched]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("name", ["resnet18", "googlenet", "mobilenet_v2", "unet_flat"])
def test_emitted_modules_call_kernels_and_compute_what_the_plain_ones_do(name, dtype, device):
    fused, plain, launched = checks.module_with_call_sites(compiled(name), device, dtype)
    assert launched > 0
    # Deep networks in low precision say little: the layers that matter are proved one by one above.
    gate = {torch.float32: "tf32", torch.float16: "bfloat16", torch.bfloat16: "bfloat16"}[dtype]
    for ours, theirs in zip(fused, plain, strict=True):
        assert measure(ours, theirs).rms <= 3 * checks.DEPTH * GATES[gate].rms
