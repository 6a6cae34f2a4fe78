"""The emitted module computes what the graph says, node by node, and has the graph's weights under its paths."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F

import netdsl
from tests.emit.networks import NETWORKS
from tests.emit.nodewise import check, compare, randomise, run
from tests.ops.evaluate import tensor


@pytest.mark.parametrize("title", NETWORKS)
def test_emitted_module_computes_the_graph(title: str) -> None:
    check(netdsl.compile(NETWORKS[title], network=None if "net trunk" not in NETWORKS[title] else "f"))


def test_the_comparison_can_fail() -> None:
    net = netdsl.compile(NETWORKS["operand order"])
    module = net.module().double()
    randomise(module)
    x = tensor((3, 8, 8))
    wanted = run(net.graph, module, {"x": x})
    with pytest.raises(AssertionError):
        compare(list(net.graph.outputs), module(x).flip(1), wanted)


def test_emission_is_the_same_text_each_time() -> None:
    for text in NETWORKS.values():
        first, second = (netdsl.compile(text, network=None if "net trunk" not in text else "f").source() for _ in "ab")
        assert first == second


def test_an_extent_declared_as_a_multiple_is_checked_at_run_time() -> None:
    net = netdsl.compile("net f { input x: [1, 8*h, 4*w + 2]; output y = x -> conv(2, 3) -> max_pool(2) }")
    module = net.module()
    assert module(torch.randn(2, 1, 16, 10)).shape == (2, 2, 8, 5)
    with pytest.raises(ValueError, match="axis 2 of x must be a multiple of 8"):
        module(torch.randn(2, 1, 12, 10))
    with pytest.raises(ValueError, match="axis 3 of x must be a multiple of 4 plus 2"):
        module(torch.randn(2, 1, 16, 8))
    even = netdsl.compile("net f { input x: [1, 2*h, w]; output y = x -> conv(2, 3) }").module()
    assert even(torch.randn(2, 1, 6, 5)).shape == (2, 2, 6, 5)
    with pytest.raises(ValueError, match="axis 2 of x must be a multiple of 2"):
        even(torch.randn(2, 1, 5, 5))


def test_a_loss_that_reads_no_output_is_written_beside_a_list() -> None:
    net = netdsl.compile("net f { input x: 3x4x4; target t: 3x4x4; output y = x -> split(3); loss = mse(x, t) }")
    module: Any = net.module()
    x, t = tensor((3, 4, 4)), tensor((3, 4, 4), seed=1)
    torch.testing.assert_close(module.loss(module(x), x, t), F.mse_loss(x, t))


def test_constructor_parameters_change_the_network() -> None:
    text = """
        block unit(c) = conv(c, 3) -> relu
        net f(width = 4, classes = 3) { input x: 2x8x8
          output y = x -> unit(width) -> unit(2 * width) -> flatten -> linear(classes) }"""
    module = netdsl.compile(text).module(width=6, classes=5)
    assert module(torch.randn(2, 2, 8, 8)).shape == (2, 5)
    again = netdsl.compile(text, width=6, classes=5).module()
    assert {k: v.shape for k, v in module.state_dict().items()} == {k: v.shape for k, v in again.state_dict().items()}


def test_a_parameter_that_the_code_does_not_follow_is_not_offered() -> None:
    text = "net f(deep = true, c = 4) { input x: 2x8x8; output y = x -> conv(c, 3) -> if deep { relu -> conv(c, 3) } }"
    source = netdsl.compile(text).source()
    assert "c: int = 4" in source
    assert "deep" not in source.split("def __init__", 1)[1]
    text = "net f(n = 4, m = 3) { input x: 2x8x8; output y = x -> if n > 2 { conv(n, 3) -> relu } -> conv(m, 3) }"
    module = netdsl.compile(text).module
    assert module(m=5)(torch.randn(2, 2, 8, 8)).shape == (2, 5, 8, 8)
    assert "n: int" not in netdsl.compile(text).source()  # with 2 it would be another network


def test_a_width_that_is_filled_up_is_written_as_what_it_becomes() -> None:
    net = netdsl.compile("""
        block fill(c) = concat { identity; conv(c - in.channels, 1) }
        net f(width = 4) {
          input x: 2x4x4
          output y = x -> conv(width, 1) -> fill(9) -> fill(16) -> conv(3, 1)
        }
    """)
    assert "nn.Conv2d(16, 3, 1)" in net.source()
    module = net.module(width=5)
    assert [p.shape[1] for p in module.parameters() if p.dim() == 4] == [2, 5, 9, 16]
