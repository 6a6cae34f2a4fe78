"""The fused form of a network: an ordinary graph, with a plan, computing the same."""

from __future__ import annotations

import pytest

from netdsl.compiler import compile
from netdsl.cost import inference_params, macs, params
from netdsl.form import NoForm
from netdsl.ops.activation import Relu
from netdsl.ops.conv import Conv
from netdsl.ops.norm import BatchNorm
from netdsl.step import Inner, Outer, Part, Step, kernels

CONV = Part("conv", Conv(out=8, kernel=3, stride=2), "conv", (Outer(0),))
NORM = Part("norm", BatchNorm(), "norm", (Inner(0),))
RELU = Part("relu", Relu(), "", (Inner(1),))


def test_the_fused_form_counts_the_same() -> None:
    network = compile("examples/googlenet_torchvision.net")
    fused = network.fused
    assert fused.plan is not None
    assert fused.plan.origin is network.graph
    assert macs(fused) == macs(network.graph)
    assert params(fused) == inference_params(network.graph)
    assert len(kernels(fused)) < len(kernels(network.graph))


def test_a_step_is_an_operator_like_any_other() -> None:
    step = Step(parts=(CONV, NORM, RELU), results=(2,))
    assert step.infer((3, 16, 16)) == (8, 8, 8)
    assert step.weights((3, 16, 16)) == {
        "conv.weight": (8, 3, 3, 3),
        "conv.bias": (8,),
        "norm.weight": (8,),
        "norm.bias": (8,),
    }
    assert step.macs((3, 16, 16)) == 8 * 3 * 9 * 64
    assert step.receptive_field(2) == ((3, 3), (2, 2))
    assert step.label() == "conv(8, 3, stride = 2) + batch_norm + relu"
    form = step.form
    assert (form.core, form.source) == (CONV, Outer(0))
    assert (form.epilogues[0].norm, form.epilogues[0].activation) == (NORM, RELU)


def test_what_no_kernel_computes_has_no_form() -> None:
    early = Part("relu", Relu(), "", (Inner(0),))
    late = Part("norm", BatchNorm(), "norm", (Inner(1),))
    with pytest.raises(NoForm, match="`norm` cannot follow `relu`"):
        _ = Step(parts=(CONV, early, late), results=(2,)).form


def test_a_part_that_serves_no_result_has_no_form() -> None:
    unread = Part("other", Relu(), "", (Inner(0),))
    with pytest.raises(NoForm, match="a part serves no result"):
        _ = Step(parts=(CONV, NORM, unread), results=(1,)).form


def test_the_plan_says_why_nothing_computes_a_node() -> None:
    fused = compile("""net n {
        input x, w: 4x8x8
        target label: class
        z = x -> c: conv(4, 3) -> d: dropout -> i: identity
        output y = z -> flatten -> linear(10)
        aux output side = z + w -> p: global_avg_pool -> l: linear(10)
        loss = cross_entropy(y, label)
    }""").fused
    assert fused.plan is not None
    dead = "inference does not need it"
    wanted = {"d": "nothing happens in it at inference", "i": "an identity", "add": dead, "p": dead, "l": dead}
    assert fused.plan.dropped == {**wanted, "label": dead, "loss.cross_entropy": dead}
    assert [fused.nodes[i].name for i in fused.inputs] == ["x", "w"]  # a caller gives all
    assert fused.targets == ()
    assert fused.loss is None


@pytest.mark.parametrize("body", ["batch_norm -> conv(4, 3)", "conv(4, 3) -> batch_norm -> relu"])
def test_a_kernel_stands_where_its_convolution_is_written(body: str) -> None:
    (step,) = kernels(compile(f"net n {{ input x: 4x8x8; output y = x -> {body} }}").fused)
    assert step.spans is not None
    assert step.spans.whole.text == "conv(4, 3)"
