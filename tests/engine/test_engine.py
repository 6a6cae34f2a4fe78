"""The engine as its users see it: the model's results, its weights, its mistakes, its threads."""

from __future__ import annotations

import threading

import pytest
import torch
from torch import nn

import netdsl
from netdsl.diagnostics import NetdslError
from netdsl.runtime.engine import StaleEngine
from tests.engine.models import WHOLE, far, inputs, model_of, truth, weigh
from tests.examples.running import results

# Each kind of step: a stem, a sum, a dense block, branches, an activation in front of its pool, crops, a classifier
# that reads a map, operators that no kernel of ours computes, and two outputs of which one is a channel slice.
ALL_KINDS = """
block unit = conv(8, 3, bias = false) -> batch_norm -> relu
net kinds {
  input x: 3x20x20
  a = x -> stem: conv(8, 3) -> batch_norm -> silu
  b = relu(a + (a -> unit -> conv(8, 3) -> batch_norm))
  c = concat(b, b -> batch_norm -> relu -> conv(4, 1, bias = false))
  d = concat(c, c -> batch_norm -> relu -> conv(4, 3, bias = false))
  e = d -> concat {
    conv(4, 1) -> relu
    conv(2, 1) -> conv(6, 3) -> leaky_relu
    max_pool(3, stride = 1, pad = 1)
  }
  f = e -> conv(26, 3, groups = 26) -> relu6 -> conv(8, 1) -> max_pool(2) -> relu
  g = f -> deconv(8, 2, stride = 2) -> crop(size = [18, 18])
  h = concat(g, a -> crop(size = [18, 18])) -> conv(8, 3) -> gelu -> lrn(5)
  output map = h -> slice(0, 2) -> elu
  output all = h
  output dense = d
  output scores = f -> flatten -> linear(16) -> tanh -> linear(5) -> softmax
}
"""
TINY = """
net tiny {
  input x: 3x8x8
  output y = x -> conv: conv(4, 3) -> bn: batch_norm -> relu
}
"""

# A parameter added by a kernel, convolved by one, and both where it was changed before.
LEARNED = """
net learned {
  input x: 8x6x6
  p = parameter([8, 6, 6], init = normal(std = 1.0))
  q = p -> conv(8, 3) -> relu
  a = (x -> conv(8, 3)) + p -> relu
  output y = (a -> conv(8, 1) -> batch_norm) + q -> relu
  output z = x + p
  output once = p -> conv(4, 1)
}
"""


@pytest.mark.parametrize("tune", [True, False], ids=["tuned", "not tuned"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_every_kind_of_step_in_every_format(dtype, tune):
    network = netdsl.compile(ALL_KINDS)
    model, batch = model_of(network), 3
    given = inputs(network.graph, batch)
    wanted = truth(model, given)
    engine = network.engine(model, batch=batch, dtype=dtype, tune=tune)
    format = getattr(torch, dtype)
    found = engine(*(x.to(format) for x in given))
    assert {x.dtype for x in results(found)} == {format}
    assert far(found, wanted).over(WHOLE[dtype]) < 1


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("batch", [1, 8])
def test_formats_that_a_processor_cannot_multiply_in_are_computed_in_float32(dtype, batch, monkeypatch):
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    network = netdsl.compile(ALL_KINDS)
    model, format = model_of(network), getattr(torch, dtype)
    given = inputs(network.graph, batch, format)
    in_float32 = network.engine(model, batch=batch, tune=False)
    engine = network.engine(model, batch=batch, dtype=dtype, tune=False, reuse_outputs=True)
    for sign in (1, -1):
        wanted = results(in_float32(*(sign * x.float() for x in given)))
        found = results(engine(*(sign * x for x in given)))
        assert all(torch.equal(ours, exact.to(format)) for ours, exact in zip(found, wanted, strict=True))
    assert engine.report(1).dtype == dtype


def test_what_is_convolved_and_added_to_it_is_not_written_over():
    network = netdsl.compile("""
net loop {
  input x: 3x16x16
  a = x -> conv(8, 3) -> relu
  output y = add(a, a -> conv(8, 3) -> batch_norm) -> relu
}
""")
    model = model_of(network)
    given = inputs(network.graph, 2)
    for tune in (True, False):
        engine = network.engine(model, batch=2, tune=tune)
        assert far(engine(*given), truth(model, given)).over(WHOLE["float32"]) < 1


@pytest.mark.parametrize("tune", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_weights_alone_make_meets_every_sample(dtype, tune):
    network = netdsl.compile(LEARNED)
    model = model_of(network)
    given = inputs(network.graph, 3, getattr(torch, dtype))
    engine = network.engine(model.to(getattr(torch, dtype)), batch=3, dtype=dtype, tune=tune)
    wanted = truth(model, given)
    for found in (engine(*given), engine(*given)):
        assert [len(y) for y in found] == [len(y) for y in wanted]
        assert far(found, wanted).over(WHOLE[dtype]) < 1


def test_outputs_are_the_callers():
    network = netdsl.compile(ALL_KINDS)
    model = model_of(network)
    engine = network.engine(model, tune=False)
    (x,) = inputs(network.graph, 1)
    first = engine(x)
    kept = [y.clone() for y in results(first)]
    engine(2 * x)
    assert all(torch.equal(a, b) for a, b in zip(results(first), kept, strict=True))
    for y in results(first):
        y.add_(1)  # no tensor of inference mode, which would refuse
    assert all(torch.equal(a, b) for a, b in zip(results(engine(x)), kept, strict=True))


def test_outputs_are_reused_where_asked():
    network = netdsl.compile(ALL_KINDS)
    engine = network.engine(model_of(network), tune=False, reuse_outputs=True)
    (x,) = inputs(network.graph, 1)
    dense = engine(x)[2]
    before = dense.clone()
    assert engine(2 * x)[2].data_ptr() == dense.data_ptr()
    assert not torch.equal(dense, before)


def test_an_input_is_left_as_it_was():
    network = netdsl.compile("net f { input x: 4x6x6; output y = relu(x + (x -> conv(4, 3))) }")
    engine = network.engine(model_of(network))
    (x,) = inputs(network.graph, 1)
    x = x.contiguous(memory_format=torch.channels_last)
    before = x.clone()
    engine(x)
    assert torch.equal(x, before)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: weigh(m),  # load_state_dict
        lambda m: m.conv.weight.add_(1),
        lambda m: m.bn.running_mean.add_(1),
        lambda m: setattr(m.conv, "weight", nn.Parameter(m.conv.weight + 1)),
        lambda m: setattr(m.bn, "running_var", m.bn.running_var + 1),
        lambda m: setattr(m, "conv", nn.Conv2d(3, 4, 3, padding=1).eval()),
        lambda m: setattr(m.conv.weight, "data", m.conv.weight.data + 1),
        lambda m: m.double().float(),
    ],
    ids=["load", "in place", "buffer", "parameter", "new buffer", "module", "data", "cast"],
)
def test_a_stale_engine_says_so_until_it_is_refreshed(change):
    network = netdsl.compile(TINY)
    torch.manual_seed(0)
    model = network.module().eval()
    engine = network.engine(model, tune=False)
    (x,) = inputs(network.graph, 1)
    engine(x)
    with torch.no_grad():
        change(model)
    with pytest.raises(StaleEngine, match=r"engine\.refresh"):
        engine(x)
    engine.refresh()
    assert far(engine(x), truth(model, [x])).over(WHOLE["float32"]) < 1


def test_refreshing_measures_nothing_again(monkeypatch):
    network = netdsl.compile(TINY)
    model = model_of(network)
    engine = network.engine(model)
    monkeypatch.setattr("netdsl.runtime.engine.tuning.time_in_place", None)
    with torch.no_grad():
        model.get_parameter("conv.weight").mul_(2)
    engine.refresh()
    (x,) = inputs(network.graph, 1)
    assert far(engine(x), truth(model, [x])).over(WHOLE["float32"]) < 1


def test_calls_from_several_threads_are_served_one_after_the_other():
    network = netdsl.compile(ALL_KINDS)
    engine = network.engine(model_of(network), tune=False)
    given = [inputs(network.graph, 1)[0] * scale for scale in (0.5, 1.0, 2.0, 3.0)]
    wanted = [[y.clone() for y in results(engine(x))] for x in given]
    wrong: list[int] = []

    def call(index: int) -> None:
        for _ in range(20):
            found = results(engine(given[index]))
            if not all(torch.equal(a, b) for a, b in zip(found, wanted[index], strict=True)):
                wrong.append(index)

    threads = [threading.Thread(target=call, args=(index,)) for index in range(len(given))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_two_sizes_are_two_engines():
    text = "net f { input x: [3, H, W]; output y = x -> conv: conv(4, 3) -> relu -> global_avg_pool -> linear(2) }"
    model = None
    for side in (8, 11):
        network = netdsl.compile(text, inputs={"x": (3, side, side)})
        model = model or model_of(network)
        (x,) = inputs(network.graph, 2)
        assert far(network.engine(model, batch=2, tune=False)(x), truth(model, [x])).over(WHOLE["float32"]) < 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((torch.zeros(2, 3, 8, 8),), r"takes \[1, 3, 8, 8\] of float32 on cpu as `x`, and not \[2, 3, 8, 8\]"),
        ((torch.zeros(1, 3, 8, 8, dtype=torch.float64),), "and not .* of float64"),
        ((torch.zeros(1, 3, 8, 8, device="meta"),), "and not .* on meta"),
        ((), "the inputs `x`, and 0 tensors were given"),
    ],
)
def test_inputs_that_do_not_fit(given, message):
    network = netdsl.compile(TINY)
    engine = network.engine(tune=False)
    with pytest.raises(ValueError, match=message):
        engine(*given)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch": 0}, "at least one sample"),
        ({"dtype": "float8"}, "there are float32"),
        ({"device": "meta"}, "runs on cpu or cuda"),
        ({"model": nn.Conv2d(3, 4, 3).eval()}, "it has no `conv.weight`"),
    ],
)
def test_engines_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        netdsl.compile(TINY).engine(**options)


def test_a_model_in_training_mode_is_refused():
    network = netdsl.compile(TINY)
    model = network.module().eval()
    model.get_submodule("bn").train()
    with pytest.raises(ValueError, match="training mode"):
        network.engine(model)


def test_a_model_of_other_widths_is_refused():
    other = netdsl.compile(TINY.replace("conv(4, 3)", "conv(5, 3)")).module().eval()
    with pytest.raises(ValueError, match=r"`conv.weight` is \[5, 3, 3, 3\], not \[4, 3, 3, 3\]"):
        netdsl.compile(TINY).engine(other)


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        ("net f { input x: [3, H, W]; output y = x -> conv(4, 3) }", {}, "N734"),
        pytest.param(
            TINY,
            {"device": "cuda"},
            "N731",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU"),
        ),
    ],
)
def test_what_is_missing_is_named(text, options, code):
    with pytest.raises(NetdslError) as caught:
        netdsl.compile(text).engine(**options)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]


def test_random_numbers_go_on_where_they_were():
    network = netdsl.compile(ALL_KINDS)
    model = model_of(network)
    torch.manual_seed(7)
    wanted = torch.rand(3)
    torch.manual_seed(7)
    network.engine(model).report(1)
    assert torch.equal(torch.rand(3), wanted)
