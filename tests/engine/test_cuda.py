"""What an engine does on a GPU, as far as a CPU can tell: candidates of cuBLAS and cuDNN by operators that torch has
too, our pointwise kernel in the interpreter, planned memory, and captures by a graph that is none."""

from __future__ import annotations

import dataclasses
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import netdsl
from netdsl.kernels import Config, Launch, observed
from netdsl.kernels import launch as launching
from netdsl.passes import PIPELINE, run
from netdsl.plan.memory import memory
from netdsl.runtime import interpreter
from netdsl.runtime.arena import Arena
from netdsl.runtime.device import kept_random, numbered
from netdsl.runtime.engine import (
    building,
    capture,
    checking,
    cublas,
    cudnn,
    engine,
    graphs,
    plain,
    program,
    triton,
    tuning,
    waiting,
)
from netdsl.runtime.engine.arithmetic import arithmetic, settings
from netdsl.runtime.engine.cache import driver
from netdsl.runtime.engine.calls import Call, Slots
from netdsl.runtime.engine.candidate import Candidate
from netdsl.runtime.engine.engine import Engine
from netdsl.runtime.engine.model import weights_of
from netdsl.runtime.engine.task import Task
from netdsl.runtime.engine.tasks import Sketch
from netdsl.runtime.engine.turn import Turn
from tests.engine.models import WHOLE, far, inputs, model_of, program_of, truth
from tests.engine.test_engine import ALL_KINDS
from tests.engine.test_our_kernels import SIBLINGS
from tests.examples.running import results

CPU = torch.device("cpu")
LAYERS = """
net layers {
  input x: 8x6x6
  a = x -> one: conv(8, 1) -> batch_norm -> relu
  b = a -> two: conv(8, 3, bias = false) -> batch_norm
  c = relu(a + b)
  d = c -> three: conv(8, 1, bias = false)
  e = c + (d -> four: conv(8, 1) -> silu -> five: conv(8, 1))
  f = e -> six: conv(6, 3, stride = 2, pad = [[0, 1], [1, 0]]) -> relu
  g = concat(f, f -> seven: conv(4, 1) -> relu) -> batch_norm -> relu -> eight: conv(8, 1) -> leaky_relu
  output y = g -> flatten -> nine: linear(5) -> relu -> ten: linear(4)
}
"""


def tasks_of(text: str, dtype: torch.dtype = torch.float32, precision: str = "ieee") -> dict[str, Task]:
    """The tasks of a network after every pass, by the names of their layers, as far as they have one."""
    network = netdsl.compile(text)
    graph = run(network.graph, PIPELINE)
    weights = weights_of(graph, model_of(network), CPU)
    sketch = Sketch(graph, 2, dtype, CPU, joins=False)
    found = {}
    for node in graph.nodes:
        if node.op is not None and not sketch.is_view(node) and (task := sketch.task(node, weights, precision)):
            found[task.step.form.core.name if task.step.form.core else node.name] = task
    return found


def offered(task: Task) -> list[Any]:
    return [*cudnn.candidates(task), *cublas.candidates(task)]


@pytest.fixture
def cudnns(monkeypatch):
    """cuDNN's entry points, in torch's words; each refuses what the real one would copy."""

    def relu(x: Tensor, weight: Tensor, bias: Tensor, *geometry: Any) -> Tensor:
        assert all(tensor.is_contiguous(memory_format=torch.channels_last) for tensor in (x, weight))
        assert bias.dtype is x.dtype
        stride, padding, dilation, groups = geometry
        y = F.conv2d(x, weight, bias, stride, padding, dilation, groups).relu()
        return y.contiguous(memory_format=torch.channels_last)

    def add_relu(x: Tensor, weight: Tensor, z: Tensor, alpha: float, bias: Tensor, *geometry: Any) -> Tensor:
        assert z.is_contiguous(memory_format=torch.channels_last)
        stride, padding, dilation, groups = geometry
        return (F.conv2d(x, weight, bias, stride, padding, dilation, groups) + alpha * z).relu()

    monkeypatch.setattr(torch, "cudnn_convolution_relu", relu)
    monkeypatch.setattr(torch, "cudnn_convolution_add_relu", add_relu)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_candidates_of_libraries_are_right(cudnns, dtype):
    seen: set[str] = set()
    for name, task in tasks_of(LAYERS, dtype).items():
        offers = offered(task)
        with interpreter.quick():
            assert [each for each, _ in checking.right(task, offers)] == offers or not offers, name
        seen |= {offer.name for offer in offers}
    assert seen == {
        "cuDNN", "cuDNN + pointwise", "cuDNN conv + relu", "cuDNN conv + add + relu",
        "cuBLAS", "cuBLAS + bias", "cuBLAS + bias + relu", "cuBLAS + pointwise",
    }  # fmt: skip


def test_a_wrong_candidate_is_out(cudnns, monkeypatch):
    task = tasks_of(LAYERS)["one"]
    real = torch.cudnn_convolution_relu
    monkeypatch.setattr(torch, "cudnn_convolution_relu", lambda *given: real(*given) + 0.1)
    out: dict[str, str] = {}
    with interpreter.quick():
        passed = [offer.name for offer, _ in checking.right(task, offered(task), out)]
    assert passed == ["cuDNN + pointwise", "cuBLAS + bias + relu"]
    assert out == {"cuDNN conv + relu": "wrong: RMS 8.9e-02, largest 8.9e-02"}


def test_on_a_gpu_a_candidate_that_raises_is_out(cudnns, monkeypatch):
    task = tasks_of(LAYERS)["one"]
    offers = offered(task)

    def refuse(*given: Any) -> Tensor:
        raise RuntimeError("GET was unable to find an engine to execute this computation")

    monkeypatch.setattr(torch, "cudnn_convolution_relu", refuse)
    with interpreter.quick():
        with pytest.raises(RuntimeError, match="unable to find an engine"):
            checking.right(task, offers)
        monkeypatch.setattr(checking, "may_fail", lambda device: True)
        out: dict[str, str] = {}
        assert len(checking.right(task, offers, out)) == len(offers) - 1
    assert out == {"cuDNN conv + relu": "RuntimeError: GET was unable to find an engine to execute this computation"}


def test_a_fault_names_the_candidate_that_made_it(monkeypatch):
    """A kernel faults while Python goes on; all that is asked of the device afterwards raises."""
    task = tasks_of(LAYERS)["one"]
    (right,) = plain.candidates(task)
    ran: list[str] = []

    def named(name: str) -> Candidate:
        def make() -> Any:
            ran.append(name)
            return right.make()

        return Candidate(name, make)

    def wait(device: torch.device) -> None:
        if "faulty" in ran:
            raise RuntimeError("CUDA error: an illegal memory access was encountered\nCompile with TORCH_USE_CUDA_DSA")

    monkeypatch.setattr(checking, "may_fail", lambda device: True)
    for module in (checking, waiting):
        monkeypatch.setattr(module, "wait", wait)
    with pytest.raises(waiting.Faulted) as raised:
        checking.right(task, [named("first"), named("faulty"), named("third")])
    assert ran == ["first", "faulty"]
    assert str(raised.value) == (
        "faulty broke cpu: RuntimeError: CUDA error: an illegal memory access was encountered; "
        f"it was to compute {task.key}"
    )


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("relu", "self weight bias stride padding dilation groups"),
        ("add_relu", "self weight z alpha bias stride padding dilation groups"),
    ],
)
def test_entry_points_take_what_they_are_given(name, arguments):
    schema = getattr(torch.ops.aten, f"cudnn_convolution_{name}").default._schema
    assert [argument.name for argument in schema.arguments] == arguments.split()


@pytest.mark.parametrize("fault", ["reads", "leaves out"])
def test_what_was_there_before_must_not_matter(fault):
    task = tasks_of(LAYERS)["one"]

    def make() -> Any:
        right: Any = plain_offer.make()

        def run(sources: Any, residual: Any, out: Tensor) -> None:
            found = right(sources, residual)
            if fault == "reads":
                out.copy_(found + 0 * out)
            else:
                out[:, 1:].copy_(found[:, 1:])

        return run

    (plain_offer,) = plain.candidates(task)
    passed = checking.right(task, [Candidate("faulty", make, writes=True), plain_offer])
    assert [offer.name for offer, _ in passed] == [plain_offer.name]


def test_kernels_are_compiled_at_once_before_one_is_tried(monkeypatch):
    compiled: list[Launch] = []
    monkeypatch.setattr(launching, "compile_ahead", compiled.extend)
    task = tasks_of(LAYERS)["two"]
    sources, out = [checking._like(source, task) for source in task.sources], checking._spoilt(task)
    assert task.residual is not None
    offers = [*triton.candidates(task), *cudnn.candidates(task), *plain.candidates(task)]
    checking.compile_all(offers, sources, checking._like(task.residual, task), out)
    assert [launch.config.kernel for launch in compiled] == ["conv_pointer", "pointwise"]
    assert out.isnan().all()


def test_reasons():
    found = tasks_of(LAYERS)
    assert cudnn.why_not_relu(found["one"]) is None
    assert cudnn.why_not_relu(found["two"]) == "it has an addition"
    assert cudnn.why_not_add_relu(found["two"]) is None
    assert cudnn.why_not_add_relu(found["one"]) == "it has no addition"
    assert cudnn.why_not_relu(found["three"]) == "no ReLU follows"
    assert cudnn.why_not_relu(found["six"]) == "its padding differs by side"
    assert cudnn.why_not(found["nine"]) == "it is no convolution"
    assert cublas.why_not(found["two"]) == "it is no 1x1 of stride 1"
    wide = tasks_of("net f { input x: 4x6x6; output y = x -> a: conv(4, 3) }", torch.float64)["a"]
    assert cudnn.why_not(wide) == cublas.why_not(wide) == triton.why_not(wide)
    assert "float64" in str(triton.why_not(wide))
    assert list(triton.candidates(wide)) == []


def test_a_slice_is_written_where_it_lies(cudnns):
    task = tasks_of(LAYERS)["seven"]
    assert not task.out.is_contiguous(memory_format=torch.channels_last)  # channels of the concatenation's buffer
    (product,) = cublas.candidates(task)
    around = torch.full((len(task.out), *task.out.shape[2:], task.out.stride(3)), torch.nan).movedim(-1, 1)
    source = torch.randn_like(task.sources[0], device=CPU)
    width = task.out.shape[1]
    compute: Any = product.make()
    compute([source], None, around.narrow(1, 0, width))
    assert around[:, :width].isfinite().all()
    assert around[:, width:].isnan().all()


def test_configurations_to_try(monkeypatch):
    monkeypatch.setattr(triton, "INTERPRETED", False)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    text = """net f {
      input x: 64x28x28
      output y = x -> a: conv(64, 3) -> relu -> b: conv(64, 1) -> c: deconv(8, 2, stride = 2) -> flatten -> d: linear(9)
    }"""
    found = tasks_of(text, torch.float16)
    names: dict[str, list[str]] = {}
    for name, task in found.items():
        source, out = (torch.empty_strided(x.shape, x.stride(), dtype=x.dtype) for x in (task.sources[0], task.out))
        with observed(run=False) as launches:
            for offer in triton.candidates(task):  # none is refused with the weights as they are packed
                compute: Any = offer.make()
                compute([source], None, out)
        names[name] = [offer.name for offer in triton.candidates(task)]
        assert [f"Triton {launch.config}" for launch in launches] == names[name]
    assert all(1 <= len(each) == len(set(each)) <= triton.MOST for each in names.values())
    assert names["a"][0].startswith("Triton conv_tma_box")
    assert any("conv_pointer" in name for name in names["a"])
    assert names["b"][0].startswith("Triton conv_tma_rows")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (8, 6))
    assert not any("tma" in offer.name for task in found.values() for offer in triton.candidates(task))


def test_the_best_guess_is_first_and_no_kernel_is_ruled_out():
    guesses = [Config("a", (n,)) for n in range(8)] + [Config("b", (0,)), Config("b", (1,)), Config("c", (0,))]
    assert triton.tried(guesses) == [*guesses[:4], guesses[8], guesses[10]]
    assert triton.tried(guesses[:8]) == guesses[:6]


@pytest.fixture
def as_on_a_gpu(monkeypatch):
    """Engines on the CPU that take the passes, candidates and memory of a GPU."""
    monkeypatch.setattr(engine, "has_ours", lambda device, dtype: True)
    monkeypatch.setattr(building, "candidates", lambda task: [*triton.candidates(task), *plain.candidates(task)])
    monkeypatch.setattr(
        program,
        "arena_of",
        lambda sketch, copies: Arena(memory(sketch.graph, sketch.batch, 4), sketch.dtype, CPU, copies),
    )


@pytest.fixture
def library(monkeypatch, as_on_a_gpu, cudnns):
    """The same by candidates that return tensors of their own where they can, and libraries' others."""
    monkeypatch.setattr(building, "candidates", lambda task: [*offered(task), *plain.candidates(task)])


def poisoned(made: Engine) -> None:
    arena = program_of(made).arena
    assert arena is not None
    arena.memory.view(torch.float32).fill_(torch.nan)


@pytest.mark.parametrize("text", [pytest.param(SIBLINGS, id="siblings"), pytest.param(LAYERS, id="layers")])
@pytest.mark.parametrize("how", ["as_on_a_gpu", "library"])
def test_planned_memory(request, text, how):
    request.getfixturevalue(how)
    network = netdsl.compile(text)
    model, given = model_of(network), inputs(network.graph, 2)
    made = Engine(network.graph, model, batch=2, tune=False)
    with interpreter.quick():
        for _ in range(2):
            poisoned(made)
            assert far(made(*given), truth(model, given)).over(WHOLE["float32"]) < 1
    arena = program_of(made).arena
    assert arena is not None
    assert program.memory_bytes(made._program.memory) >= arena.plan.size > 0


def test_every_kind_of_step_in_planned_memory(monkeypatch, as_on_a_gpu):
    monkeypatch.setattr(building, "candidates", lambda task: list(plain.candidates(task)))
    network = netdsl.compile(ALL_KINDS)
    model, given = model_of(network), inputs(network.graph, 2)
    made = Engine(network.graph, model, batch=2, tune=False)
    first = results(made(*given))
    kept = [y.clone() for y in first]
    poisoned(made)
    made(*(2 * x for x in given))
    assert all(torch.equal(a, b) for a, b in zip(first, kept, strict=True))
    assert far(kept, truth(model, given)).over(WHOLE["float32"]) < 1


class Recorder:
    """A graph that is none: replaying does the work anew, and puts what it yields where it first was."""

    def __init__(self) -> None:
        self.recorded = self.replayed = 0
        self.refuse: str | None = None

    def record(self, work: Callable[[], Any], device: torch.device) -> tuple[Any, Callable[[], None]]:
        first = work()
        if self.refuse:
            try:
                raise RuntimeError(self.refuse)
            finally:  # as torch does where it ends a recording that has failed
                raise RuntimeError("operation failed due to a previous error during capture")
        self.recorded += 1

        def replay() -> None:
            self.replayed += 1
            for old, new in zip(first, work(), strict=True):
                if isinstance(old, Tensor):
                    old.copy_(new.clone())

        return first, replay


@pytest.fixture
def recorder(monkeypatch):
    found = Recorder()
    monkeypatch.setattr(graphs, "record", found.record)
    monkeypatch.setattr(capture, "captures", lambda device: True)
    return found


TWO = "net f { input x: 3x8x8; output y = x -> conv: conv(4, 3) -> relu; output z = y -> two: conv(2, 1) }"


@pytest.mark.parametrize("reuse", [False, True])
def test_a_captured_network(recorder, reuse):
    network = netdsl.compile(TWO)
    model, given = model_of(network), inputs(network.graph, 2)
    made = Engine(network.graph, model, batch=2, tune=False, reuse_outputs=reuse)
    assert (recorder.recorded, made.uncaptured) == (1, None)
    before = [x.clone() for x in given]
    first = made(*given)
    assert far(first, truth(model, given)).over(WHOLE["float32"]) < 1
    kept = [y.clone() for y in first]
    second = made(*(x.contiguous(memory_format=torch.channels_last) / 2 for x in given))
    assert recorder.replayed == 2
    assert far(second, truth(model, [x / 2 for x in given])).over(WHOLE["float32"]) < 1
    assert all(torch.equal(a, b) for a, b in zip(first, kept, strict=True)) != reuse
    assert all(a.data_ptr() == b.data_ptr() for a, b in zip(first, second, strict=True)) == reuse
    assert all(torch.equal(a, b) for a, b in zip(given, before, strict=True))


def test_a_refreshed_network_is_captured_anew(recorder):
    network = netdsl.compile(TWO)
    model, given = model_of(network), inputs(network.graph, 1)
    made = Engine(network.graph, model, tune=False)
    with torch.no_grad():
        model.get_parameter("conv.weight").mul_(-2)
    made.refresh()
    assert recorder.recorded == 2
    assert far(made(*given), truth(model, given)).over(WHOLE["float32"]) < 1


def test_what_cannot_be_captured_runs_without_and_says_why(recorder):
    recorder.refuse = "operation not permitted when stream is capturing\nmore"
    network = netdsl.compile(TWO)
    model, given = model_of(network), inputs(network.graph, 1)
    made = Engine(network.graph, model, tune=False)
    assert far(made(*given), truth(model, given)).over(WHOLE["float32"]) < 1
    assert made.uncaptured is not None
    assert made.uncaptured == recorder.refuse.partition("\n")[0]
    assert f"not in a CUDA graph: {made.uncaptured}" in str(made.report(1))


def test_the_step_that_cannot_be_captured_is_named(recorder, monkeypatch):
    class Refusal(Call):
        def __call__(self, slots: Slots) -> None:
            raise RuntimeError("no")

    network = netdsl.compile(TWO)
    made = Engine(network.graph, model_of(network), tune=False)
    line = made._program.lines[1]
    monkeypatch.setattr(made._program, "lines", [made._program.lines[0], dataclasses.replace(line, call=Refusal())])
    with pytest.raises(capture.Uncaptured, match=rf"^`{line.node.name}` \({re.escape(line.kernel)}\): no$"):
        capture.Captured(program_of(made), made._builder.inputs())


def test_kernels_are_compiled_at_once_before_a_network_is_captured(recorder, monkeypatch, as_on_a_gpu):
    compiled: list[Launch] = []
    monkeypatch.setattr(launching, "compile_ahead", compiled.extend)
    network = netdsl.compile(TWO)
    model, given = model_of(network), inputs(network.graph, 1)
    with interpreter.quick():
        made = Engine(network.graph, model, tune=False)
        assert far(made(*given), truth(model, given)).over(WHOLE["float32"]) < 1
    assert [launch.config.kernel for launch in compiled] == ["conv_pointer"] * 2


@pytest.mark.parametrize("fails", [None, RuntimeError, ValueError])
@pytest.mark.parametrize(("cold", "calls"), [(True, 1), (False, graphs.CALLS)])
def test_one_call_of_several_is_timed(monkeypatch, cold, calls, fails):
    done: list[int] = []

    def record(work: Callable[[], Any], device: torch.device) -> tuple[Any, Callable[[], Any]]:
        if fails:
            raise fails("operation not permitted when stream is capturing")
        return None, work

    def spent(work: Callable[[], Any], device: torch.device, flushed: bool, times: int) -> list[int]:
        assert flushed == cold
        work()
        return [1000] * times

    monkeypatch.setattr(graphs, "record", record)
    monkeypatch.setattr(graphs, "spent", spent)
    assert graphs.nanoseconds(lambda: done.append(1), CPU, cold, 3) == [1000 // calls] * 3
    assert len(done) == calls


def test_a_turn_waits_for_the_one_before_on_whichever_stream(monkeypatch):
    log: list[tuple[str, str]] = []

    class Event:
        def record(self, stream: Any) -> None:
            log.append(("done on", stream.name))

    class Stream:
        def __init__(self, name: str) -> None:
            self.name = name

        def wait_event(self, event: Any) -> None:
            log.append(("waits on", self.name))

    streams = iter([Stream("a"), Stream("b"), Stream("b")])
    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: next(streams))
    turn = Turn(torch.device("cuda", 0))
    for _ in range(2):
        with turn:
            log.append(("works", ""))
    assert log == [("works", ""), ("done on", "a"), ("waits on", "b"), ("works", ""), ("done on", "b")]


def test_candidates_are_timed_in_graphs(monkeypatch):
    network = netdsl.compile("net f { input x: 4x9x9; output y = x -> conv(6, 3) -> relu -> conv(4, 3) -> relu }")
    asked: list[bool] = []

    def nanoseconds(work: Callable[[], Any], device: torch.device, cold: bool) -> list[int]:
        asked.append(cold)
        work()
        return [10 - len(asked)]  # whoever is asked last is the fastest

    monkeypatch.setattr(graphs, "nanoseconds", nanoseconds)
    monkeypatch.setattr(tuning, "time_in_place", tuning.time_in_graphs)
    heard: list[float] = []
    model, given = model_of(network), inputs(network.graph, 32)
    made = Engine(network.graph, model, batch=32, progress=heard.append)
    assert asked == [True] * len(asked)
    assert heard == [0.5, 1.0]
    assert far(made(*given), truth(model, given)).over(WHOLE["float32"]) < 1
    assert {step.kernel for step in made.report(1).steps} == {"torch conv"}


@pytest.fixture
def two_candidates(monkeypatch):
    """Each step has two that are the same; `slow` takes longer. What is in the dictionary raises when it is timed."""
    broken: dict[str, Exception] = {}
    timing: list[str] = []

    def candidates(task: Task) -> list[Candidate]:
        (right,) = plain.candidates(task)
        return [dataclasses.replace(right, name=name) for name in ("slow", "quick")]

    def nanoseconds(work: Any, device: torch.device, cold: bool) -> list[int]:
        work()
        timing.append("slow" if len(timing) % 2 == 0 else "quick")
        if timing[-1] in broken:
            raise broken[timing[-1]]
        return [2000 if timing[-1] == "slow" else 1000] * 3

    monkeypatch.setattr(building, "candidates", candidates)
    monkeypatch.setattr(graphs, "nanoseconds", nanoseconds)
    monkeypatch.setattr(tuning, "time_in_place", tuning.time_in_graphs)
    return broken


def test_a_candidate_that_raises_when_it_is_timed_is_out(two_candidates, cache):
    two_candidates["quick"] = ValueError("out of resource: shared memory\nmore")
    network = netdsl.compile(TWO)
    model, given = model_of(network), inputs(network.graph, 1)
    made = Engine(network.graph, model)
    assert far(made(*given), truth(model, given)).over(WHOLE["float32"]) < 1
    report = made.report(1)
    for step in report.json()["steps"]:
        assert (step["kernel"], step["candidates"]) == ("slow", {"slow": 2.0})
        assert step["out"] == {"quick": "ValueError: out of resource: shared memory"}
    assert "2 candidates of these steps were wrong or did not run" in str(report)
    two_candidates["slow"] = RuntimeError("no kernel image")
    with pytest.raises(ValueError, match="out of resource"):
        Engine(network.graph, model, batch=2)


def test_times_of_candidates_are_reported_when_they_are_remembered_too(two_candidates, cache):
    network = netdsl.compile(TWO)
    for _ in range(2):
        report = Engine(network.graph, model_of(network)).report(1)
        for step in report.json()["steps"]:
            assert (step["kernel"], step["candidates"], step["out"]) == ("quick", {"slow": 2.0, "quick": 1.0}, {})
        assert "did not run" not in str(report)
    untuned = Engine(network.graph, model_of(network), tune=False).report(1)
    assert not any(step["candidates"] for step in untuned.json()["steps"])


def test_what_was_timed_is_remembered_though_tuning_is_ended(two_candidates, cache):
    network = netdsl.compile(TWO)
    real, heard = graphs.nanoseconds, 0

    def ended(*given: Any) -> list[int]:
        nonlocal heard
        heard += 1
        if heard > 2:
            raise KeyboardInterrupt
        return real(*given)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(graphs, "nanoseconds", ended)
        with pytest.raises(KeyboardInterrupt):
            Engine(network.graph, model_of(network))
    assert Engine(network.graph, model_of(network)).report(1).measured == 1


GPU = torch.device("cuda", 0)


def test_arithmetic_is_set_and_restored():
    def older() -> tuple[bool, str]:
        return torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()

    before, older_before = settings(), older()
    with arithmetic(CPU, "tf32"):
        assert settings() == before
    for precision in ("ieee", "tf32"):
        with arithmetic(GPU, precision):
            assert settings() == (True, precision, precision)
        assert (settings(), older()) == (before, older_before)


@pytest.fixture
def by_operator():
    """Convolutions and recurrences that take float32 differently, which torch's older settings cannot say."""
    cudnns: Any = torch.backends.cudnn
    before = cudnns.conv.fp32_precision, cudnns.rnn.fp32_precision
    cudnns.conv.fp32_precision, cudnns.rnn.fp32_precision = "ieee", "tf32"
    yield
    cudnns.conv.fp32_precision, cudnns.rnn.fp32_precision = before


def test_arithmetic_that_differs_by_operator_is_restored(by_operator):
    with pytest.raises(RuntimeError):
        _ = torch.backends.cudnn.allow_tf32
    with arithmetic(GPU, "tf32"):
        assert settings() == (True, "tf32", "tf32")
    assert settings()[1] == "ieee"


def test_arithmetic_is_for_one_thread_at_a_time():
    before, leave = settings(), threading.Event()

    def other() -> None:
        with arithmetic(GPU, "tf32"):
            leave.wait(10)

    thread = threading.Thread(target=other)
    with arithmetic(GPU, "ieee"):
        thread.start()
        thread.join(0.2)
        assert settings() == (True, "ieee", "ieee")
    leave.set()
    thread.join()
    assert settings() == before


def test_a_device_keeps_its_number(monkeypatch):
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 3)
    assert numbered(torch.device("cuda")) == torch.device("cuda", 3)
    assert numbered(GPU) == GPU
    assert numbered(CPU) == CPU


def test_an_unknown_precision():
    with pytest.raises(ValueError, match="as ieee or tf32"):
        netdsl.compile(TWO).engine(precision="fp8")


def test_the_driver_is_part_of_the_machine(tmp_path):
    path = tmp_path / "version"
    path.write_text(
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build\nGCC version: 13.3.0\n"
    )
    assert driver(path) == "580.65.06"
    assert driver(tmp_path / "none") == ""


def test_random_numbers_of_gpus_in_use_are_kept_too(monkeypatch):
    asked: list[Any] = []
    monkeypatch.setattr(torch.random, "fork_rng", asked.append)
    kept_random()
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    kept_random()
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    kept_random()
    assert asked == [[], [], [0, 1]]
