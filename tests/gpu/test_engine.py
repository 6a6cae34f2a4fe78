"""The engine on the GPU: every candidate by itself, networks tuned and captured, and what calls promise each other.

Most of the time goes into compiling kernels, so that only one of each kind is not for the night.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import netdsl
from netdsl.passes import PIPELINE, run
from netdsl.runtime.engine import catalogue, checking
from netdsl.runtime.engine.arithmetic import arithmetic, settings
from netdsl.runtime.engine.model import weights_of
from netdsl.runtime.engine.tasks import Sketch
from netdsl.runtime.proof.gates import GATES, Gate
from tests.engine.models import WHOLE, far, inputs, model_of, truth
from tests.engine.test_cuda import LAYERS, TWO
from tests.engine.test_engine import ALL_KINDS
from tests.engine.test_our_kernels import SIBLINGS
from tests.examples.networks import compiled
from tests.examples.running import results

pytestmark = pytest.mark.gpu
night = pytest.mark.nightly
MAY_BE_MISSING = ("cuDNN conv + relu", "cuDNN conv + add + relu")  # cuDNN has no engine for every shape
WAYS = (("float16", "ieee"), ("float32", "ieee"), ("float32", "tf32"), ("bfloat16", "ieee"), ("float64", "ieee"))
TEXTS = {"layers": LAYERS, "siblings": SIBLINGS, "every kind": ALL_KINDS}
ALL = [
    pytest.param(text, *way, id=f"{name} {' '.join(way)}", marks=() if text is LAYERS and way is WAYS[0] else night)
    for name, text in TEXTS.items()
    for way in WAYS
]


@pytest.fixture
def device() -> torch.device:
    return torch.device("cuda", torch.cuda.current_device())


def gate(dtype: str, precision: str) -> Gate:
    return GATES["bfloat16"] if precision == "tf32" else WHOLE[dtype]


def moved(found: object) -> tuple[Tensor, ...]:
    return tuple(y.cpu() for y in results(found))


@pytest.mark.parametrize(("text", "dtype", "precision"), ALL)
def test_every_candidate_is_right(text, dtype, precision, device, counted):
    network = netdsl.compile(text)
    graph = run(network.graph, PIPELINE)
    with torch.no_grad(), arithmetic(device, precision):
        weights = weights_of(graph, model_of(network), device)
        sketch = Sketch(graph, 2, getattr(torch, dtype), device, joins=False)
        for node in graph.nodes:
            if node.op is None or sketch.is_view(node) or (task := sketch.task(node, weights, precision)) is None:
                continue
            offers = catalogue.candidates(task)
            passed = {offer.name for offer, _ in checking.right(task, offers)}
            missing = {offer.name for offer in offers} - passed - set(MAY_BE_MISSING)
            assert not missing, f"{node.name}: {task.key}"
            counted(f"candidates right on the GPU in {dtype}, {precision}", len(passed))


@pytest.mark.parametrize("tune", [True, False], ids=["tuned", "not tuned"])
@pytest.mark.parametrize(("text", "dtype", "precision"), ALL)
def test_an_engine_is_captured_and_right_again_and_again(text, dtype, precision, tune):
    network = netdsl.compile(text)
    model, given = model_of(network), inputs(network.graph, 3)
    made = network.engine(model, batch=3, dtype=dtype, device="cuda", precision=precision, tune=tune)
    assert made.uncaptured is None
    for scale in (1.0, 0.5, 1.0):
        scaled = [scale * x for x in given]
        found = made(*(x.to("cuda", getattr(torch, dtype)) for x in scaled))
        assert far(moved(found), truth(model, scaled)).over(gate(dtype, precision)) < 1


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("name", "batch"), [("resnet18", 32), ("googlenet", 1), ("mobilenet_v2", 32), ("unet_flat", 1)]
)
def test_networks_of_the_zoo(name, batch):
    network = compiled(name)
    model, given = model_of(network), inputs(network.graph, batch)
    with torch.no_grad():
        wanted = moved(model.double().cuda()(*(x.double().cuda() for x in given)))
    made = network.engine(model.float(), batch=batch, device="cuda")
    assert made.uncaptured is None
    assert far(moved(made(*(x.cuda() for x in given))), wanted).over(WHOLE["float32"]) < 1
    report = made.report()
    assert report.milliseconds > 0
    assert all(step.microseconds >= 0 for step in report.steps)


def test_streams_take_turns():
    network = netdsl.compile(ALL_KINDS)
    made = network.engine(model_of(network), device="cuda", tune=False)
    (x,) = (x.cuda() for x in inputs(network.graph, 1))
    given = [x * scale for scale in (0.5, 1.0, 2.0)]
    wanted = [moved(made(each)) for each in given]
    streams = [torch.cuda.Stream() for _ in given]
    torch.cuda.synchronize()
    found = []
    for _ in range(20):
        for stream, each in zip(streams, given, strict=True):
            with torch.cuda.stream(stream):
                found.append(results(made(each)))
    torch.cuda.synchronize()
    for turn, outputs in enumerate(found):
        assert all(torch.equal(a.cpu(), b) for a, b in zip(outputs, wanted[turn % len(given)], strict=True))


@pytest.mark.parametrize("reuse", [False, True])
def test_outputs(reuse):
    network = netdsl.compile(TWO)
    made = network.engine(model_of(network), device="cuda", tune=False, reuse_outputs=reuse)
    (x,) = (x.cuda() for x in inputs(network.graph, 1))
    first = results(made(x))
    kept = [y.clone() for y in first]
    made(2 * x)
    assert all(torch.equal(a, b) for a, b in zip(first, kept, strict=True)) != reuse


def test_new_weights():
    network = netdsl.compile(TWO)
    model = model_of(network)
    made = network.engine(model, device="cuda")
    with torch.no_grad():
        model.get_parameter("conv.weight").mul_(-2)
    made.refresh()
    given = inputs(network.graph, 1)
    assert far(moved(made(*(x.cuda() for x in given))), truth(model, given)).over(WHOLE["float32"]) < 1


def test_torch_is_left_as_it_was():
    before = settings()
    network = netdsl.compile(TWO)
    made = network.engine(model_of(network), device="cuda", precision="tf32")
    made(*(x.cuda() for x in inputs(network.graph, 1)))
    assert settings() == before
    assert torch.cuda.current_stream() == torch.cuda.default_stream()
