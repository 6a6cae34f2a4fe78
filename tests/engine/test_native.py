"""Kernels in C: each against the algebra in float64, on every shape, slice and edge that they take."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

import netdsl
from netdsl.native import library
from netdsl.native.library import library as library_of
from netdsl.runtime import algebra
from netdsl.runtime.engine import native
from netdsl.runtime.engine.candidate import Candidate
from netdsl.runtime.engine.task import Task
from netdsl.runtime.engine.tasks import Sketch
from netdsl.runtime.proof import draw
from netdsl.runtime.proof.gates import GATES, measure

CPU = torch.device("cpu")
UNTOUCHED = 12345.0
needs_compiler = pytest.mark.skipif(library().functions is None, reason=library().why_not or "there is a compiler")


def tasks(text: str, batch: int = 2) -> Iterator[Task]:
    """The steps of a network, its body given alone."""
    if not text.startswith("net"):
        text = "net f {\n" + text + "\n}"
    network = netdsl.compile(text)
    weights = draw.weights(network.module().state_dict())
    graph = network.fused
    sketch = Sketch(graph, batch, torch.float32, CPU, joins=False)
    for node in graph.nodes:
        if node.op is not None and not sketch.is_view(node):
            task = sketch.task(node, weights, "ieee")
            assert task is not None, node.name
            yield task


def filled(like: Tensor, seed: str) -> Tensor:
    """Signed numbers that lie as `like` does."""
    made = torch.empty_strided(like.shape, like.stride())
    return made.copy_(draw.value(seed, like.shape))


def computed(task: Task, candidate: Candidate, sources: list[Tensor], residual: Tensor | None) -> Tensor:
    """What a candidate writes; nothing that lies between may change."""
    whole = torch.full(
        (1 + sum((n - 1) * s for n, s in zip(task.out.shape, task.out.stride(), strict=True)),), UNTOUCHED
    )
    out = whole.as_strided(task.out.shape, task.out.stride())
    candidate.make()(sources, residual, out)  # type: ignore[call-arg]
    found = out.clone()
    out.fill_(UNTOUCHED)
    assert bool((whole == UNTOUCHED).all()), f"{candidate.name} writes beside its slice"
    return found


def check(task: Task) -> list[str]:
    """The names of the candidates, all of which were right."""
    assert native.why_not(task) is None, native.why_not(task)
    sources = [filled(source, f"x{index}") for index, source in enumerate(task.sources)]
    residual = None if task.residual is None else filled(task.residual, "residual")
    wanted = torch.empty(task.out.shape, dtype=torch.float64)
    algebra.run(
        task.step, [source.double() for source in sources], None if residual is None else residual.double(), wanted
    )
    names = []
    for candidate in native.candidates(task):
        error = measure(computed(task, candidate, sources, residual), wanted)
        assert error.over(GATES["ieee"]) <= 1, f"{candidate.name}: {error} on {task.key}"
        names.append(candidate.name)
    return names


NETWORKS = {
    "stem": "input x: 3x23x31; output y = x -> conv(20, 7, stride = 2) -> batch_norm -> relu",
    "one channel": "input x: 1x19x17; output y = x -> conv(9, 3, pad = 0) -> relu6",
    "tails": "input x: 37x9x11; output y = x -> conv(29, 1) -> leaky_relu(slope = 0.2)",
    "strided": "input x: 24x15x14; output y = x -> conv(33, 3, stride = 2) -> batch_norm",
    "dilated": "input x: 16x15x14; output y = x -> conv(17, 3, dilation = 3)",
    "one-sided": "input x: 12x15x14; output y = x -> conv(17, 3, pad = [[0, 1], [1, 0]])",
    "oblong": "input x: 20x15x14; output y = x -> conv(48, [1, 7]) -> relu -> conv(30, [7, 1]) -> relu",
    "residual": "input x: 18x9x7\n  output y = add { x -> conv(18, 1) -> batch_norm\n  x } -> relu",
    "winograd": "input x: 64x13x18; output y = x -> conv(80, 3) -> batch_norm -> relu",
    "winograd tails": "input x: 37x7x5; output y = x -> conv(19, 3, pad = 0)",
    "winograd residual": "input x: 32x9x7\n  output y = add { x -> conv(32, 3) -> batch_norm\n  x } -> relu",
    "depthwise": "input x: 44x15x14; output y = x -> conv(44, 3, groups = 44) -> batch_norm -> relu6",
    "depthwise with vectors that overlap": "input x: 21x7x13; output y = x -> conv(21, 3, groups = 21) -> leaky_relu",
    "depthwise 3x3 strided": "input x: 45x11x18; output y = x -> conv(45, 3, stride = 2, groups = 45) -> relu6",
    "depthwise lopsided": "input x: 16x9x9; output y = x -> conv(16, 3, pad = [[2, 0], [0, 1]], groups = 16)",
    "depthwise narrow": "input x: 40x9x3; output y = x -> conv(40, 3, groups = 40) -> relu",
    "depthwise few channels": "input x: 5x9x9; output y = x -> conv(5, 3, groups = 5) -> relu",
    "depthwise residual": "input x: 40x6x9\n  output y = add { x -> conv(40, 3, groups = 40)\n  x } -> leaky_relu",
    "stem in its padding": "input x: 3x5x4; output y = x -> conv(19, 7, pad = 6, stride = 2) -> relu",
    "stem dilated": "input x: 3x15x14; output y = x -> conv(24, 3, dilation = 2) -> leaky_relu",
    "depthwise strided": "input x: 21x15x14; output y = x -> conv(21, 5, stride = 2, groups = 21)",
    "depthwise with a prologue": "input x: 21x15x14; output y = x -> batch_norm -> relu -> conv(21, 3, groups = 21)",
    "grouped": "input x: 32x9x7; output y = x -> conv(64, 3, groups = 8) -> relu",
    "grouped wide": "input x: 60x9x7; output y = x -> conv(66, 3, stride = 2, groups = 3) -> relu",
    "sequence": "input x: 12x33; output y = x -> conv(20, 5, stride = 2) -> relu",
    "linear": "input x: [37]; output y = x -> linear(50) -> relu -> linear(7)",
    "map to vector": "input x: 24x5x4; output y = x -> conv(24, 1) -> flatten -> linear(50) -> relu",
    "deconv": "input x: 20x7x6; output y = x -> deconv(13, 2, stride = 2) -> batch_norm -> relu",
    "deconv with a prologue": "input x: 20x7x6; output y = x -> batch_norm -> relu -> deconv(9, 2, stride = 2)",
    "max_pool": "input x: 21x15x14; output y = x -> max_pool(3, stride = 2, pad = 1)",
    "max_pool ceil": "input x: 21x15x14; output y = x -> max_pool(3, stride = 2, ceil = true)",
    "avg_pool": "input x: 21x15x14; output y = x -> avg_pool(3, stride = 2, pad = 1, ceil = true)",
    "avg_pool inside": "input x: 21x15x14; output y = x -> avg_pool(3, stride = 1, pad = 1, count_include_pad = false)",
    "global pool": "input x: 21x15x14; output y = x -> batch_norm -> relu -> global_avg_pool",
    "lrn": "input x: 21x5x4; output y = x -> lrn(5, alpha = 0.5) -> lrn(4, alpha = 0.3, k = 2)",
    "pointwise": "input x: 21x5x4\n  output y = add { x -> batch_norm\n  x } -> relu",
    "prologue": "input x: 28x9x7; output y = x -> batch_norm -> relu -> conv(20, 1) -> batch_norm -> relu",
    "padded after a prologue": "input x: 28x9x7; output y = x -> batch_norm -> relu -> conv(20, 3)",
    "grouped with a prologue": "input x: 32x9x7; output y = x -> batch_norm -> relu -> conv(20, 3, groups = 4)",
    "siblings and slices": """input x: 24x9x7
  output y = x -> concat { conv(17, 1) -> relu
    conv(12, 1) -> relu -> conv(19, 3) -> relu
    max_pool(3, stride = 1, pad = 1) -> conv(9, 1) -> relu }""",
    "growing": """input x: 24x9x7
  a = concat { x -> conv(16, 3)
    x -> conv(8, 1) }
  b = a -> batch_norm -> relu -> conv(48, 1) -> batch_norm -> relu -> conv(16, 3)
  output y = concat(a, b) -> batch_norm -> relu -> conv(12, 1)""",
    "several sources": """input x: 24x12x10
  skip = x -> conv(24, 3) -> relu
  deep = skip -> max_pool(2) -> conv(32, 3) -> relu -> deconv(24, 2, stride = 2)
  output y = concat(skip -> crop([8, 6]), deep -> crop([8, 6])) -> conv(32, 3) -> relu""",
}


@needs_compiler
@pytest.mark.parametrize("name", NETWORKS)
def test_each_kernel_computes_its_steps(name: str, counted: Callable[[str, int], None]) -> None:
    found = [check(task) for task in tasks(NETWORKS[name])]
    assert all(found)
    assert ("winograd" in name) <= any("Winograd" in each for names in found for each in names)
    counted("steps computed by kernels in C", len(found))


def drawn(seed: int) -> str:
    """A convolution or pool of any shape that kernels take, with what may stand around it."""
    r = random.Random(seed)
    groups = r.choice([1, 1, 1, 2, 4])
    channels, outputs = groups * r.randint(1, 24), groups * r.randint(1, 24)
    if r.random() < 0.2:
        groups = outputs = channels
    kernel = r.choice([1, 2, 3, 3, 3, 5])
    height, width = r.randint(kernel, 20), r.randint(kernel, 20)
    stride, pad = r.choice([1, 1, 2, 3]), r.randint(0, kernel // 2)
    before = r.choice(["", "", "batch_norm -> relu -> ", "relu -> "])
    after = r.choice(["", " -> relu", " -> batch_norm -> relu6", " -> leaky_relu"])
    core = f"conv({outputs}, {kernel}, stride = {stride}, pad = {pad}, groups = {groups}){after}"
    if r.random() < 0.2:
        core = f"{r.choice(['max_pool', 'avg_pool'])}({kernel}, stride = {stride}, pad = {pad})"
    return f"input x: {channels}x{height}x{width}; output y = x -> {before}{core}"


@needs_compiler
@pytest.mark.parametrize("first", range(0, 120, 40))
def test_random_shapes(first: int, counted: Callable[[str, int], None]) -> None:
    for seed in range(first, first + 40):
        for task in tasks(drawn(seed), batch=1 + seed % 3):
            assert check(task)
            counted("steps computed by kernels in C", 1)


@needs_compiler
def test_maps_that_lie_otherwise_are_read_all_the_same() -> None:
    (task,) = tasks(NETWORKS["residual"])
    sources, residual = [filled(source, "x").contiguous() for source in task.sources], filled(task.sources[0], "x")
    (candidate,) = native.candidates(task)
    wanted = computed(task, candidate, [residual], residual)
    assert sources[0].stride(1) != 1
    assert torch.equal(computed(task, candidate, sources, sources[0]), wanted)


@needs_compiler
def test_threads_share_the_work_without_a_trace() -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        for name in ("winograd", "siblings and slices", "depthwise", "linear", "avg_pool"):
            assert all(check(task) for task in tasks(NETWORKS[name], batch=1))
    finally:
        torch.set_num_threads(threads)


@needs_compiler
@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
@pytest.mark.parametrize(
    "name", ["residual", "winograd", "depthwise", "max_pool", "avg_pool", "global pool", "pointwise"]
)
def test_what_is_no_number_is_never_hidden(name: str, bad: float) -> None:
    """Wherever torch has a NaN or an infinity the kernels have none that is a number; Winograd's algorithm spreads it
    over the tile."""
    (task,) = tasks(NETWORKS[name], batch=1)
    sources = [filled(source, "x") for source in task.sources]
    residual = None if task.residual is None else filled(task.residual, "residual")
    sources[0][0, 3, 4, 3] = bad
    wanted = torch.empty(task.out.shape)
    algebra.run(task.step, sources, residual, wanted)
    assert bool((~wanted.isfinite()).any()) or task.step.activation is not None
    for candidate in native.candidates(task):
        found = computed(task, candidate, sources, residual)
        assert not bool((wanted.isnan() & found.isfinite()).any()), candidate.name
        assert "Winograd" in candidate.name or torch.equal(found.isnan(), wanted.isnan()), candidate.name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("input x: 8x5x4; output y = x -> conv(8, 3) -> silu", "no activation but"),
        ("input x: 8x5x4x3; output y = x -> conv(8, 3)", "no more than two spatial axes"),
        ("input x: 8x5x4; output y = x -> deconv(8, 3, stride = 2)", "neither overlap nor leave gaps"),
        ("input x: 8x5x4; output y = x -> lrn(3, beta = 0.5)", "no exponent but 0.75"),
        ("input x: 8x5x4; output y = x -> global_max_pool", "no global_max_pool"),
        ("input x: 8x5x4; output y = x -> avg_pool(3, pad = [[0, 1], [0, 1]])", "as much padding"),
        ("input x: 8x190x190; output y = x -> conv(2, 181, pad = 0)", "a thread's stack"),
        ("input x: 300000x2x2; output y = x -> lrn(5)", "a thread's stack"),
        ("input x: 512x20x20; output y = x -> batch_norm -> relu -> conv(2, 17, pad = 0)", "a thread's stack"),
    ],
)
def test_what_they_do_not_compute_they_do_not_offer(text: str, reason: str) -> None:
    (task,) = tasks(text)
    assert reason in str(native.why_not(task))
    assert not list(native.candidates(task))


@pytest.mark.parametrize(
    ("compiler", "reason"), [("no-such-compiler", "does not run"), ("false", "fails"), ("cc '-O2", "CC is no command")]
)
def test_without_a_compiler_nothing_is_offered(
    compiler: str, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CC", compiler)
    monkeypatch.setenv("NETDSL_CACHE", str(tmp_path))
    library_of.cache_clear()
    try:
        (task,) = tasks(NETWORKS["tails"])
        assert reason in str(native.why_not(task))
        assert not list(native.candidates(task))
    finally:
        library_of.cache_clear()


@needs_compiler
@pytest.mark.nightly
def test_the_library_is_compiled_once_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NETDSL_CACHE", str(tmp_path / "new"))
    library_of.cache_clear()
    try:
        assert library().functions is not None
        (path,) = (tmp_path / "new").iterdir()
        assert path.suffix == ".so"
        monkeypatch.setenv("PATH", str(tmp_path))
        first = path.stat().st_mtime_ns
        library_of.cache_clear()
        monkeypatch.undo()
        monkeypatch.setenv("NETDSL_CACHE", str(tmp_path / "new"))
        assert library().functions is not None
        assert path.stat().st_mtime_ns == first
    finally:
        library_of.cache_clear()
