"""Wrong results, missed folds and false alarms of other fusers, each a test: ours fuses what it may, exactly.

The cases are those of the fusion casebook, then the traps that every fuser of convolutions and norms meets.
"""

from __future__ import annotations

import copy

import pytest
import torch

import netdsl
from netdsl.runtime.proof.gates import GATES
from tests.fusion.exact import error, labels, plain

X = "input x: 6x9x9"
GATE = GATES["float64"]

# name -> text, and what its kernels must be
CASES: dict[str, tuple[str, list[str]]] = {
    "the output of a convolution used elsewhere": (  # executorch #20601, pytorch #52758
        f"net f {{ {X}; a = x -> conv(6, 3); output y = add(a -> batch_norm -> relu, a) }}",
        ["conv(6, 3)", "batch_norm + relu", "add"],
    ),
    "one module called twice, as in Siamese networks": (  # pytorch #104593, #197539
        """net f { input p, q: 6x9x9; shared c = conv(4, 3); shared n = batch_norm
          output y = p -> c -> n -> relu; output z = q -> c -> n -> relu }""",
        ["conv(4, 3) + batch_norm + relu"] * 2,
    ),
    "conv, relu, norm must not fold": (  # glow #5892, #5868
        f"net f {{ {X}; output y = x -> conv(4, 3) -> relu -> batch_norm }}",
        ["conv(4, 3) + relu", "batch_norm"],
    ),
    "a convolution with bias before the norm": (  # yolov3 #807
        f"net f {{ {X}; output y = x -> conv(4, 3, bias = true) -> batch_norm }}",
        ["conv(4, 3) + batch_norm"],
    ),
    "attributes of norm and activation kept": (  # mxnet #21122
        f"net f {{ {X}; output y = x -> conv(4, 3) -> batch_norm(eps = 0.1) -> leaky_relu(0.4) }}",
        ["conv(4, 3) + batch_norm(eps = 0.1) + leaky_relu(slope = 0.4)"],
    ),
    "a norm on both sides of a convolution": (  # tf2onnx #2186
        f"net f {{ {X}; output y = x -> batch_norm -> conv(4, 3) -> batch_norm }}",
        ["batch_norm + conv(4, 3) + batch_norm"],
    ),
    "a norm after a fully connected layer": (  # onnxscript #3027
        "net f { input x: [9]; output y = x -> linear(5) -> batch_norm -> relu }",
        ["linear(5) + batch_norm + relu"],
    ),
    "a depthwise convolution": (  # webml-polyfill #240
        f"net f {{ {X}; output y = x -> conv(12, 3, groups = 6) -> batch_norm }}",
        ["conv(12, 3, groups = 6) + batch_norm"],
    ),
    "a grouped convolution": (
        f"net f {{ {X}; output y = x -> conv(4, 3, groups = 2, bias = false) -> batch_norm }}",
        ["conv(4, 3, groups = 2, bias = false) + batch_norm"],
    ),
    "a transposed convolution": (  # aimet #154
        f"net f {{ {X}; output y = x -> deconv(4, 3, stride = 2) -> batch_norm }}",
        ["deconv(4, 3, stride = 2) + batch_norm"],
    ),
    "a grouped transposed convolution": (
        f"net f {{ {X}; output y = x -> deconv(4, 3, stride = 2, groups = 2) -> batch_norm }}",
        ["deconv(4, 3, stride = 2, groups = 2) + batch_norm"],
    ),
    "norms that follow no convolution": (  # gap_sdk #226: DenseNet, ResNet v2
        f"net f {{ {X}; output y = x -> concat {{ in; batch_norm -> relu -> conv(4, 3) }} -> batch_norm -> relu }}",
        ["batch_norm + relu + conv(4, 3)", "concat", "batch_norm + relu"],
    ),
    "the residual's buffer is not overwritten": (  # ideep #8
        f"net f {{ {X}; a = x -> conv(6, 3); output y = a -> add {{ in; conv(6, 3) }} -> relu; output z = a -> tanh }}",
        ["conv(6, 3)", "conv(6, 3) + add + relu", "tanh"],
    ),
    "differences are no more than float noise": (  # mmcv #747, onnx/optimizer #255
        f"net f {{ {X}; output y = x -> repeat 10 {{ conv(6, 3) -> batch_norm -> relu }} }}",
        ["conv(6, 3) + batch_norm + relu"] * 10,
    ),
    "trap 53: a convolution read by a norm and by a sum": (
        f"net f {{ {X}; a = x -> conv(6, 3); output y = a + (a -> batch_norm) }}",
        ["conv(6, 3)", "batch_norm + add"],
    ),
    "trap 54: a convolution that is an output too": (
        f"net f {{ {X}; output a = x -> conv(6, 3); output y = a -> batch_norm -> relu }}",
        ["conv(6, 3)", "batch_norm + relu"],
    ),
    "trap 55: a convolution called twice, with a norm on one path": (
        f"net f {{ {X}; shared c = conv(6, 3); output y = x -> c -> batch_norm -> c }}",
        ["conv(6, 3) + batch_norm", "conv(6, 3)"],
    ),
    "trap 56: the same convolution and norm twice in series": (
        f"net f {{ {X}; shared c = conv(6, 3); shared n = batch_norm; output y = x -> c -> n -> c -> n }}",
        ["conv(6, 3) + batch_norm"] * 2,
    ),
    "trap 57: one norm after two convolutions": (
        f"net f {{ {X}; shared n = batch_norm; output y = x -> conv(6, 3) -> n -> conv(6, 1) -> n }}",
        ["conv(6, 3) + batch_norm", "conv(6, 1) + batch_norm"],
    ),
    "trap 58: a relu with two readers": (
        f"net f {{ {X}; a = x -> conv(6, 3) -> relu; output y = a + (a -> conv(6, 3)) }}",
        ["conv(6, 3) + relu", "conv(6, 3) + add"],
    ),
    "trap 58: a relu directly on the input": (
        f"net f {{ {X}; output y = x -> relu -> conv(4, 3) }}",
        ["relu + conv(4, 3)"],
    ),
    "trap 58: a relu that is an output": (
        f"net f {{ {X}; output a = x -> conv(4, 3) -> relu; output y = a -> conv(3, 1) }}",
        ["conv(4, 3) + relu", "conv(3, 1)"],
    ),
    "trap 59: a norm before a convolution with padding": (
        f"net f {{ {X}; output y = x -> batch_norm -> conv(4, 3, pad = 2) }}",
        ["batch_norm + conv(4, 3, pad = 2)"],
    ),
    "trap 59: two norms in series": (
        f"net f {{ {X}; output y = x -> conv(4, 3) -> batch_norm -> batch_norm }}",
        ["conv(4, 3) + batch_norm", "batch_norm"],
    ),
    "trap 59: a norm and a clamp": (
        f"net f {{ {X}; output y = x -> conv(4, 3) -> batch_norm -> relu6 }}",
        ["conv(4, 3) + batch_norm + relu6"],
    ),
    "trap 60: dilated": (
        f"net f {{ {X}; output y = x -> conv(4, 3, dilation = 2) -> batch_norm }}",
        ["conv(4, 3, dilation = 2) + batch_norm"],
    ),
    "trap 60: on a map of one point": (
        "net f { input x: 6x1x1; output y = x -> conv(4, 3) -> batch_norm }",
        ["conv(4, 3) + batch_norm"],
    ),
    "trap 60: without bias": (
        f"net f {{ {X}; output y = x -> conv(4, 3, bias = false) -> batch_norm }}",
        ["conv(4, 3, bias = false) + batch_norm"],
    ),
    "trap 60: padded on one side": (
        f"net f {{ {X}; output y = x -> conv(4, 2, pad = [[0, 1], [1, 0]]) -> batch_norm }}",
        ["conv(4, 2, pad = [[0, 1], [1, 0]]) + batch_norm"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_fused_is_exact(case):
    text, kernels = CASES[case]
    network = netdsl.compile(text)
    assert labels(network) == kernels
    found = error(network)
    assert found.over(GATE) <= 1, found


FUSED = f"net f {{ {X}; output y = x -> conv(8, 3, groups = 2) -> batch_norm -> relu -> conv(4, 1) -> batch_norm }}"


@pytest.mark.parametrize(
    ("trap", "entry", "value"),
    [
        ("gamma is 0", "weight", 0.0),
        ("gamma is negative", "weight", -2.0),
        ("the variance is 0", "running_var", 0.0),
        ("the variance is 1e-30", "running_var", 1e-30),
        ("a weight is NaN", "weight", float("nan")),
    ],
)
def test_trap_61(trap, entry, value):
    network = netdsl.compile(FUSED)
    module = plain(network)
    with torch.no_grad():
        module.state_dict()[f"batch_norm1.{entry}"][2] = value
    assert error(network, module).over(GATE) <= 1  # where one is NaN, so must the other be


def test_trap_62_training_half_copies_and_state():
    """The fused form holds nothing of the module: it is made of a state_dict, of whatever the module has become."""
    network = netdsl.compile(FUSED)
    module = plain(network)
    twin = copy.deepcopy(module)
    assert error(network, twin).over(GATE) <= 1
    module.train()
    for _ in range(3):
        module(torch.randn(4, 6, 9, 9, dtype=torch.float64))  # moves the running statistics
    assert error(network, module.eval()).over(GATE) <= 1
    assert not torch.equal(next(b for n, b in module.named_buffers() if "mean" in n), next(twin.buffers()))
    fresh = network.module().double().eval()
    fresh.load_state_dict(module.state_dict(), strict=True)
    assert error(network, fresh).over(GATE) <= 1
    assert error(network, module.half().double()).over(GATE) <= 1
    assert {p.device.type for p in module.to("meta").parameters()} == {"meta"}
