"""Engines whose first steps run sample by sample: what they compute is the same wherever the graph is cut."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
import torch

import netdsl
from netdsl.native import library
from netdsl.plan.cut import Cut, cut, cuts
from netdsl.runtime.engine import StaleEngine, head
from netdsl.runtime.engine.head import Split
from netdsl.runtime.engine.program import VIEW, Program
from netdsl.runtime.engine.report import BY_IMAGE
from netdsl.step import kernels
from tests.engine.models import WHOLE, far, inputs, model_of, truth

pytestmark = pytest.mark.skipif(library().functions is None, reason=library().why_not)

# Winograd, which needs scratch; slices of a concatenation; a residual; windows with stride; groups; depthwise; two
# readers of one map; siblings; a prologue behind a concatenation.
NETWORK = """
net cut_anywhere {
  input x: 3x20x20
  a = x -> conv(16, 3, stride = 2) -> batch_norm -> relu -> conv(24, 3) -> relu
  b = concat(a -> conv(8, 1) -> relu, a -> conv(16, 3) -> relu) -> batch_norm -> relu -> conv(24, 1)
  c = a + b -> relu -> conv(24, 3, groups = 24) -> relu6 -> conv(32, 3, groups = 8) -> max_pool(2)
  d = c + (c -> conv(32, 3) -> batch_norm -> leaky_relu) -> relu
  output y = d -> conv(48, 3, stride = 2) -> relu -> global_avg_pool -> linear(5)
}
"""
TWO = """
net two_inputs {
  input x: 3x12x12
  input z: 5x12x12
  a = x -> conv(16, 3) -> relu
  b = z -> conv(16, 3) -> relu
  output y = a + b -> relu -> conv(16, 3) -> relu -> conv(4, 1)
}
"""
PLACES = range(len(list(cuts(netdsl.compile(NETWORK).fused))))


def force(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    """Have engines cut at a place of those that there are."""

    def chosen(fused: netdsl.Graph, batch: int, width: int, threads: int, before: int | None) -> Cut | None:
        found = [number for number in cuts(fused) if before is None or number <= before]
        return cut(fused, found[place]) if found else None

    monkeypatch.setattr(head, "best_cut", chosen)


@pytest.fixture
def threads():
    """Sets the number of threads, for the test."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize("place", PLACES)
def test_it_computes_the_same_wherever_it_is_cut(place, monkeypatch, threads):
    threads(2)
    force(monkeypatch, place)
    network = netdsl.compile(NETWORK)
    model, given = model_of(network), inputs(network.graph, 6)
    engine = network.engine(model, batch=6, tune=False)
    assert isinstance(engine._program, Split)
    wanted, others = truth(model, given), [-x for x in given]
    first = engine(*given)
    assert far(first, wanted).over(WHOLE["float32"]) < 1
    assert far(engine(*others), truth(model, others)).over(WHOLE["float32"]) < 1
    assert far(first, wanted).over(WHOLE["float32"]) < 1  # what is returned is the caller's
    beside = [x.contiguous(memory_format=torch.channels_last) for x in given]
    assert torch.equal(engine(*beside), first)


def random_text(draws: Random) -> str:
    """A network of what kernels in C compute: each line reads what a few lines before it made."""
    lines, made = [], [("x", draws.randint(1, 9), 16)]
    while len(made) < 12:
        source, channels, size = draws.choice(made[-3:])
        like = [name for name, width, extent in made[:-1] if (width, extent) == (channels, size) and name != source]
        beside = [(name, width) for name, width, extent in made if extent == size and name != source]
        kind = draws.choice(["conv", "conv", "depthwise", "grouped", "pool", "norm", "add", "concat"])
        after = draws.choice(["", " -> relu", " -> batch_norm -> relu6", " -> leaky_relu"])
        if kind == "add" and like:
            text = f"{source} + {draws.choice(like)}{after}"
        elif kind == "concat" and beside:
            name, width = draws.choice(beside)
            text, channels = f"concat({source}, {name})", channels + width
        elif kind == "depthwise":
            text = f"{source} -> conv({channels}, 3, groups = {channels}){after}"
        elif kind == "grouped" and channels % 4 == 0:
            text = f"{source} -> conv({channels}, 3, groups = {channels // draws.choice([2, 4])}){after}"
        elif kind == "pool" and size >= 8:
            text, size = f"{source} -> {draws.choice(['max_pool', 'avg_pool'])}(2)", size // 2
        elif kind == "norm":
            text = f"{source} -> batch_norm -> relu"
        else:
            channels, stride = draws.choice([4, 7, 16, 24, 40]), draws.choice([1, 1, 1, 2]) if size >= 8 else 1
            text = f"{source} -> conv({channels}, {draws.choice([1, 3, 3, 5])}, stride = {stride}){after}"
            size //= stride
        made.append((f"v{len(made)}", channels, size))
        lines.append(f"  v{len(made) - 1} = {text}")
    body = "\n".join(lines)
    ends = [name for name, _, _ in made if not re.search(rf"\b{name}\b", body.replace(f"  {name} =", ""))]
    pooled = ", ".join(f"{name} -> global_avg_pool" for name in ends)
    last = f"  output y = concat({pooled}) -> linear(5)" if len(ends) > 1 else f"  output y = {pooled} -> linear(5)"
    return f"net drawn {{\n  input x: {made[0][1]}x16x16\n{body}\n{last}\n}}"


def test_random_networks(monkeypatch, threads, counted):
    threads(2)
    draws, heads = Random(0), 0
    for _ in range(24):
        network = netdsl.compile(random_text(draws))
        places = list(cuts(network.fused))
        if not places:
            continue
        force(monkeypatch, draws.randrange(len(places)))
        model, given = model_of(network), inputs(network.graph, 4)
        engine = network.engine(model, batch=4, tune=False)
        heads += isinstance(engine._program, Split)
        for each in (given, [-x for x in given]):
            assert far(engine(*each), truth(model, each)).over(WHOLE["float32"]) < 1, network.source()
    counted("random networks with a head", heads)
    assert heads >= 12


def test_there_are_places_to_cut_and_values_that_go_across_together():
    fused = netdsl.compile(NETWORK).fused
    across = [len(cut(fused, number).head.outputs) for number in cuts(fused)]
    assert len(across) >= 6
    assert max(across) >= 2


@pytest.mark.parametrize("count", [1, 2, 3])
def test_it_is_the_same_with_other_numbers_of_threads(count, monkeypatch, threads):
    threads(count)
    force(monkeypatch, -1)
    network = netdsl.compile(NETWORK)
    model, given = model_of(network), inputs(network.graph, 12)
    engine = network.engine(model, batch=12, tune=False)
    assert isinstance(engine._program, Split)
    wanted = truth(model, given)
    for now in (count, 1, 3):  # fewer or more than it was made for
        threads(now)
        assert far(engine(*given), wanted).over(WHOLE["float32"]) < 1


def test_a_batch_that_threads_cannot_share_stays_together(monkeypatch, threads):
    threads(2)
    force(monkeypatch, 0)
    network = netdsl.compile(NETWORK)
    kinds = {batch: type(network.engine(batch=batch, tune=False)._program) for batch in (1, 2, 3, 7, 9)}
    assert kinds == {1: Program, 2: Split, 3: Program, 7: Program, 9: Split}


def test_several_inputs(monkeypatch, threads):
    threads(2)
    force(monkeypatch, -1)
    network = netdsl.compile(TWO)
    model, given = model_of(network), inputs(network.graph, 4)
    engine = network.engine(model, batch=4, tune=False)
    assert isinstance(engine._program, Split)
    assert far(engine(*given), truth(model, given)).over(WHOLE["float32"]) < 1


def test_it_ends_where_no_kernel_in_c_computes_a_step(monkeypatch, threads):
    threads(2)
    force(monkeypatch, -1)
    text = "net f {{ input x: 3x8x8; output y = x -> {} -> conv(16, 3) -> relu -> tanh -> conv(8, 3) -> conv(4, 3) }}"
    for first, kind, steps in (("conv(16, 3)", Split, 2), ("tanh", Program, 0)):
        network = netdsl.compile(text.format(first))
        model, given = model_of(network), inputs(network.graph, 2)
        engine = network.engine(model, batch=2, tune=False)
        assert isinstance(engine._program, kind)
        assert [step.kernel.endswith(BY_IMAGE) for step in engine.report(1).steps].count(True) == steps
        assert far(engine(*given), truth(model, given)).over(WHOLE["float32"]) < 1


# What the head reads first is a part of the input, or the input has no rows or no axes at all.
FIRST = {
    "split": "input x: 6x10x10; a, b = x -> split(2); c = (a -> conv(8, 3)) + (b -> conv(8, 1)) -> relu",
    "a slice": "input x: 9x10x10; c = x -> slice(4, 9) -> conv(8, 3) -> relu",
    "a crop": "input x: 3x12x12; c = x -> crop(size = [8, 8]) -> conv(8, 3) -> relu",
    "a sequence": "input x: 5x20; c = x -> conv(8, 3) -> relu",
    "a vector": "input x: 40; c = x -> linear(24) -> relu",
}


@pytest.mark.parametrize("what", FIRST)
def test_what_it_reads_first(what, monkeypatch, threads):
    threads(2)
    force(monkeypatch, -1)
    last = "linear(7) -> linear(5)" if what == "a vector" else "conv(7, 1) -> conv(5, 3)"
    network = netdsl.compile(f"net f {{ {FIRST[what]}; output y = c -> {last} }}")
    model, (x,) = model_of(network), inputs(network.graph, 4)
    engine = network.engine(model, batch=4, tune=False)
    assert isinstance(engine._program, Split)
    wanted = truth(model, [x])
    back = torch.arange(x.dim()).flip(0).tolist()
    for given in (x, x.permute(back).contiguous().permute(back), torch.stack([x, -x], -1)[..., 0]):
        assert far(engine(given), wanted).over(WHOLE["float32"]) < 1


@pytest.mark.parametrize("reused", [True, False])
def test_several_outputs(reused, monkeypatch, threads):
    threads(2)
    network = netdsl.compile("""
    net several {
      input x: 3x12x12
      a = x -> conv(16, 3) -> relu
      b = a -> conv(16, 3) -> relu
      output y = b -> conv(4, 1)
      output z = [a -> max_pool(2), b -> flatten]
    }
    """)
    model, given = model_of(network), inputs(network.graph, 4)
    wanted = truth(model, given)
    for place in range(len(list(cuts(network.fused)))):
        force(monkeypatch, place)
        engine = network.engine(model, batch=4, tune=False, reuse_outputs=reused)
        assert isinstance(engine._program, Split)
        first = engine(*given)
        if not reused:
            engine(*(-x for x in given))
        assert far(first, wanted).over(WHOLE["float32"]) < 1


def test_threads_of_python_share_it(monkeypatch, threads):
    threads(2)
    force(monkeypatch, -1)
    network = netdsl.compile(NETWORK)
    model = model_of(network)
    engine = network.engine(model, batch=4, tune=False)
    given = [inputs(network.graph, 4), [-x for x in inputs(network.graph, 4)]]
    wanted = [truth(model, each) for each in given]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: engine(*given[n % 2]), range(24)))
    assert all(far(each, wanted[n % 2]).over(WHOLE["float32"]) < 1 for n, each in enumerate(found))


def test_new_weights(monkeypatch, threads):
    threads(2)
    force(monkeypatch, 2)
    network = netdsl.compile(NETWORK)
    model, given = model_of(network), inputs(network.graph, 4)
    engine = network.engine(model, batch=4)  # whose tail is tuned
    assert far(engine(*given), truth(model, given)).over(WHOLE["float32"]) < 1
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(-0.5)
    with pytest.raises(StaleEngine):
        engine(*given)
    engine.refresh()
    assert isinstance(engine._program, Split)
    assert far(engine(*given), truth(model, given)).over(WHOLE["float32"]) < 1


def test_its_report(monkeypatch, threads):
    threads(2)
    force(monkeypatch, 3)
    network = netdsl.compile(NETWORK)
    model, given = model_of(network), inputs(network.graph, 8)
    engine = network.engine(model, batch=8, tune=False)
    program, report = engine._program, engine.report(3)
    assert isinstance(program, Split)
    apart = [step for step in report.steps if step.kernel.endswith(BY_IMAGE)]
    for now in (2, 1):  # with fewer than it was made for, fewer share the time
        threads(now)
        assert program.head.times(given) == [each // now for each in program.head.series.spent.sum(0).tolist()]
    assert len(apart) == len(program.head.lines) > 0
    assert report.steps[: len(apart)] == tuple(apart)
    assert [step.operator for step in report.steps if step.kernel != VIEW] == [
        node.op.label() for node in kernels(engine.graph) if node.op is not None
    ]
    assert all(step.microseconds > 0 and step.floor is not None and step.floor > 0 for step in apart)
    outputs = sum(4 * x.numel() for x in program.head.outputs)
    assert report.buffer_bytes > outputs + 4 * program.head.series.scratch.numel()
    assert far(engine(*given), truth(model, given)).over(WHOLE["float32"]) < 1
