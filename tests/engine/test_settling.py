"""Kernels in C whose memory never moves are started by one call; Python does what it must between such series."""

from __future__ import annotations

import threading

import pytest
import torch

import netdsl
from netdsl.native import library
from netdsl.plan.memory import memory
from tests.engine.models import WHOLE, far, inputs, model_of, program_of, truth
from tests.engine.test_engine import ALL_KINDS

# A tanh in the middle is torch's; before and after it stand Winograd (which needs scratch), slices of a concatenation,
# parts of a split, a residual, and a window with stride.
SERIES = """
net series {
  input x: 3x14x14
  a = x -> conv(16, 3) -> relu -> conv(16, 3) -> batch_norm -> relu
  b = concat(a, a -> batch_norm -> relu -> conv(8, 1)) -> conv(24, 3, stride = 2)
  c = b -> tanh -> conv(24, 3, groups = 24) -> relu6
  d, e = c -> conv(32, 1) -> split(2)
  f = d + (d -> conv(16, 3) -> relu -> conv(16, 3))
  output y = concat(f, e -> max_pool(3, stride = 1, pad = 1)) -> conv(5, 1)
}
"""
needs_library = pytest.mark.skipif(library().functions is None, reason=library().why_not)


def kinds(engine):
    """How many lines a program has, and how many calls it issues."""
    program = program_of(engine)
    return len(program.lines), len(program.issued or program.lines)


@needs_library
@pytest.mark.parametrize("text", [SERIES, ALL_KINDS], ids=["series", "every kind"])
def test_a_program_in_series_computes_what_its_lines_do(text):
    network = netdsl.compile(text)
    model, given = model_of(network), inputs(network.graph, 2)
    engine = network.engine(model, batch=2, tune=False)
    lines, issued = kinds(engine)
    assert issued < lines
    wanted, others = truth(model, given), [-x for x in given]
    first = engine(*given)
    assert far(first, wanted).over(WHOLE["float32"]) < 1
    assert far(engine(*others), truth(model, others)).over(WHOLE["float32"]) < 1
    assert far(first, wanted).over(WHOLE["float32"]) < 1  # what is returned is the caller's


@needs_library
def test_all_between_what_python_does_is_one_call():
    engine = netdsl.compile(SERIES).engine(batch=2, tune=False)
    names = [line.kernel for line in engine._program.lines]
    torchs = [place for place, name in enumerate(names) if not name.startswith("C ") and name != "a view"]
    # tanh reads and makes tensors of torch's, so that who reads those needs Python too.
    assert len(torchs) == 1
    assert kinds(engine) == (len(names), 4)


@needs_library
def test_a_weight_that_stands_alone_is_read_once():
    network = netdsl.compile("""
net positions {
  input x: 8x6x6
  p = parameter([8, 6, 6], init = normal(std = 1.0))
  y = x -> conv(8, 3) -> relu
  output z = (y + p) -> conv(4, 1)
  output q = p
}
""")
    model, given = model_of(network), inputs(network.graph, 3)
    engine = network.engine(model, batch=3, tune=False, reuse_outputs=False)
    assert [line.kernel.partition(" ")[0] for line in engine._program.lines] == ["C"] * 3
    for factor in (1, -2):
        with torch.no_grad():
            model.get_parameter("parameter").mul_(factor)
        engine.refresh()
        wanted = truth(model, given)
        found = engine(*given)
        assert far(found, wanted).over(WHOLE["float32"]) < 1
        found[1].fill_(torch.nan)  # what is returned is the caller's
        assert far(engine(*given), wanted).over(WHOLE["float32"]) < 1


@needs_library
@pytest.mark.parametrize("text", [SERIES, ALL_KINDS], ids=["series", "every kind"])
def test_between_calls_it_holds_what_the_plan_says(text):
    network = netdsl.compile(text)
    model, given = model_of(network), inputs(network.graph, 2)
    engine = network.engine(model, batch=2, tune=False)
    program, report = program_of(engine), engine.report(1)
    planned = memory(engine.graph, 2, 4)
    assert planned.size <= 1.05 * planned.peak_of_live
    assert engine.graph.plan is not None
    written = {planned.storage(value) for value in engine.graph.plan.places if value in planned.lifetimes.channel}
    of_outputs = sum(2 * 4 * planned.storages[number].elements for number in written - planned.offsets.keys())
    ends = sum(4 * x.numel() for x in (*given, *program.homes.values()))
    assert report.buffer_bytes == planned.size + of_outputs + ends + 4 * program.scratch.numel()
    assert program.arena is not None
    program.arena.memory.view(torch.float32).fill_(torch.nan)
    assert far(engine(*given), truth(model, given)).over(WHOLE["float32"]) < 1


@needs_library
def test_weights_count_as_they_are_packed():
    network = netdsl.compile("net f { input x: 32x8x8; output y = x -> conv(48, 3, bias = false) }")
    (line,) = network.engine(tune=False)._program.lines
    assert line.kernel.startswith("C Winograd") or line.kernel == "C conv"
    values = {"C conv": 9}.get(line.kernel, 36)  # of each channel to each output, in whole panels of 16
    assert line.weight_bytes == 4 * (values * 32 * 48 + 48 + 32)  # a bias of zeros, and zeros to read beside the map


@needs_library
def test_threads_that_come_and_go_reports_and_new_weights():
    network = netdsl.compile(SERIES)
    model, given = model_of(network), inputs(network.graph, 2)
    engine = network.engine(model, batch=2, tune=False)
    wanted, found = truth(model, given), []

    def work():
        engine.report(1)
        found.append(engine(*given))

    for _ in range(3):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    torch.empty(1 << 22).fill_(torch.nan)  # where what the threads held may have been
    assert all(far(each, wanted).over(WHOLE["float32"]) < 1 for each in [*found, engine(*given)])
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(-0.5)
    engine.refresh()
    assert far(engine(*given), truth(model, given)).over(WHOLE["float32"]) < 1
    assert engine.report(1).buffer_bytes > 4 * program_of(engine).scratch.numel() > 0
