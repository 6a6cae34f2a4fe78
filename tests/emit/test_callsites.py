"""Call sites stand in emitted code where they are legal, nowhere else, and change no bit of what is computed."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

import netdsl
from netdsl import InternalError, Network
from netdsl.emit import callsites
from netdsl.emit.callsites import CallSites
from netdsl.emit.replay import replay
from netdsl.kernels import conditions, fused
from netdsl.passes.sites import sites
from tests.emit.networks import NETWORKS
from tests.emit.test_random import compiled as random_network
from tests.emit.twins import assert_same, called, twins

CALL = re.compile(r"\b(conv_\w+\(.*?\))")


def compiled(text: str) -> Network:
    return netdsl.compile(text, network="f")


def calls(body: str, inputs: str = "x: 4x8x8") -> list[str]:
    """The call sites in the code of a network, in the order of the code."""
    source = compiled(f"net f {{ input {inputs}; {body} }}").source()
    return CALL.findall(re.sub(r'""".*?"""', "", source, flags=re.DOTALL))


# ------------------------------------------------------------------------------------------ to the bit


@pytest.mark.parametrize("title", NETWORKS)
def test_every_bit_is_that_of_the_plain_module(title: str) -> None:
    assert_same(netdsl.compile(NETWORKS[title], network=None if "net trunk" not in NETWORKS[title] else "f"))


def test_assert_same_sees_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    net = netdsl.compile(NETWORKS["projections"])
    assert_same(net)
    monkeypatch.setattr(fused, "F", SimpleNamespace(relu=lambda x: x))
    with pytest.raises(AssertionError):
        assert_same(net)


def test_random_networks_compute_the_same_at_once(
    monkeypatch: pytest.MonkeyPatch, counted: Callable[[str, int], None]
) -> None:
    """The operator of the call sites, on the CPU and in float64, beside the layers."""
    taken: list[Any] = []
    operator: Any = vars(fused)["FUSED_CONV"]
    monkeypatch.setattr(conditions, "on_device", lambda x: True)
    monkeypatch.setattr(conditions, "DTYPES", (torch.float64,))

    def spy(*given: Any) -> Any:
        taken.append(given)
        return operator(*given)

    monkeypatch.setattr(fused, "FUSED_CONV", spy)
    for seed in range(40):
        net = random_network(seed)
        if net is None:
            continue
        results = []
        for twin in twins(net):
            for layer in twin.double().eval().modules():
                if isinstance(layer, nn.Conv2d):  # so that what it yields has its channels together
                    layer.weight.data = layer.weight.data.to(memory_format=torch.channels_last)
            with torch.no_grad():
                results.append(called(net, twin, torch.float64))
        torch.testing.assert_close(*results, rtol=1e-9, atol=1e-9, equal_nan=True)
    counted("call sites of random networks computed at once", len(taken))
    assert len(taken) > 50


# ------------------------------------------------------------------------------------------ where they stand


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("output y = x -> conv(4, 3) -> batch_norm -> relu", ["conv_bn_relu(x, self.conv, self.batch_norm)"]),
        ("output y = x -> conv(4, 3) -> silu", ["conv_silu(x, self.conv)"]),
        ("output y = x -> conv(4, 3) -> leaky_relu", ["conv_leaky_relu(x, self.conv)"]),
        ("output y = x -> conv(4, 3) -> leaky_relu(0.2)", ["conv_leaky_relu(x, self.conv, negative_slope=0.2)"]),
        ("output y = x -> conv(4, 3) -> batch_norm", ["conv_bn(x, self.conv, self.batch_norm)"]),
        ("output y = add(x, x -> conv(4, 3)) -> relu6", ["conv_add_relu6(x, self.conv, x)"]),
        ("output y = add(x -> conv(4, 3), x)", ["conv_add(x, self.conv, x)"]),
        (  # two convolutions: one has the sum, the other is what it adds
            "output y = x -> add { a: conv(4, 3) -> batch_norm; b: conv(4, 1) -> batch_norm } -> relu",
            ["conv_bn(x, self.a, self.batch_norm1)", "conv_bn_add_relu(x, self.b, self.batch_norm2, z)"],
        ),
        ("a = x -> conv(4, 3); output y = concat(a, a -> relu)", []),  # two readers
        ("output a = x -> conv(4, 3); output y = a -> relu", []),  # an output
        ("output y = x -> conv(4, 3) -> relu -> batch_norm", ["conv_relu(x, self.conv)"]),  # the norm comes too late
        ("output y = x -> conv(4, 3) -> batch_norm(track = false) -> relu", []),  # never at rest
        ("output y = x -> conv(4, 3, mode = \"reflect\") -> relu", []),
        ("output y = x -> conv(4, 2, pad = [[0, 1], [0, 1]]) -> relu", []),  # padded on one side
        ("output y = x -> deconv(4, 2, stride = 2) -> relu", []),
        ("output y = x -> conv(4, 3) -> elu", []),
        ("output y = add(x, x, x -> conv(4, 3)) -> relu", []),  # three values
        ("output y = x -> conv(4, 3) -> dropout -> relu", []),  # in training something stands between
        (
            "shared c = conv(4, 3); output y = x -> c -> relu -> c -> relu",
            ["conv_relu(x, self.c)", "conv_relu(z, self.c)"],
        ),
        ('output y = x -> for i in range(2) { "end{i}": conv(4, 3) -> relu }', ["conv_relu(y, end)"]),
        ("a = x -> conv(4, 3); output y = add(a, x -> conv(4, 1)); output z = a", ["conv_add(x, self.conv2, a)"]),
        ("a = x -> conv(4, 3); output y = add(x -> conv(4, 1), a); output z = a", ["conv_add(x, self.conv2, a)"]),
        (  # one norm behind two convolutions: its statistics are noted in the order of the text
            "shared n = batch_norm; a = x -> conv(4, 3) -> n; b = x -> conv(4, 1) -> n; output y = add(a, b) -> relu",
            ["conv_bn(x, self.conv1, self.n)", "conv_bn_add_relu(x, self.conv2, self.n, a)"],
        ),
    ],
)  # fmt: skip
def test_what_becomes_a_call_site(body: str, wanted: list[str]) -> None:
    assert calls(body) == wanted


def test_other_ranks_have_none() -> None:
    for size in ("4x8", "4x8x8x8"):
        assert calls("output y = x -> conv(4, 3) -> relu", f"x: {size}") == []


def test_a_call_site_stands_where_every_instance_allows_it() -> None:
    text = """
        block unit(c, tail = identity) = conv1: conv(c, 3) -> bn1: batch_norm -> relu -> conv2: conv(c, 3) -> tail
        net f { input x: 4x8x8; a = x -> unit(4); output y = a -> unit(4) -> relu; output z = a }"""
    source = compiled(text).source()
    assert "conv_bn_relu(x, self.conv1, self.bn1)" in source
    assert "self.conv2(x)" in source
    assert "conv_relu(" not in source  # the activation stands in another class


def test_an_aux_output_is_a_reader() -> None:
    assert calls("a = x -> conv(4, 3); aux output s = a -> global_avg_pool; output y = a -> relu") == []


def test_names_of_the_author_give_way() -> None:
    text = """
        block conv_relu(c) { conv_relu = in -> conv(c, 3) -> relu; add(conv_relu, in) }
        block fused_sequential(c) = conv(c, 3) -> relu
        net f { input conv_relu6: 4x8x8
          output y = conv_relu6 -> conv_relu(4) -> fused_sequential(3) -> conv(3, 1) -> relu6 }"""
    net = compiled(text)
    assert "conv_relu2 = conv_relu(x, self.conv)" in net.source()
    assert "def forward(self, conv_relu6_2: Tensor)" in net.source()
    assert "class FusedSequential2(FusedSequential)" in net.source()
    assert_same(net)


def test_sequences_fuse_only_where_all_stages_may() -> None:
    source = compiled("""
        block whole = { conv(4, 3) -> batch_norm -> relu -> conv(4, 3) }
        block late = { conv(4, 3) -> relu -> batch_norm }
        block none = { conv(4, 3) -> elu }
        block never = { conv(4, 3) -> batch_norm(track = false) -> relu }
        net f { input x: 4x8x8; output y = x -> whole -> late -> none -> never }""").source()
    kinds = dict(re.findall(r"class (\w+)\((.*)\):", source))
    assert kinds == {
        "Whole": "FusedSequential",
        "Late": "FusedSequential",
        "NetNone": "nn.Sequential",
        "Never": "nn.Sequential",
        "NetF": "nn.Module",
    }


def test_a_text_without_convolutions_imports_nothing_of_ours() -> None:
    assert "netdsl." not in compiled("net f { input x: [4]; output y = x -> linear(3) -> relu }").source()


def test_names_are_those_of_the_functions() -> None:
    written = {name for name in vars(fused) if name.startswith("conv_")}
    assert written == callsites.NAMES
    assert hasattr(fused, callsites.SEQUENTIAL)
    assert {f"nn.{kind.__name__}": name for kind, name in fused.ACTIVATIONS.items()} == callsites.ACTIVATIONS


# ------------------------------------------------------------------------------------------ and how that is proved

PROVED = """
    block pair(c) = { conv(c, 3) -> batch_norm -> relu }
    block unit(c) { y = in -> conv1: conv(c, 3) -> bn1: batch_norm -> leaky_relu(0.2)
      add(in, y -> conv2: conv(c, 3) -> bn2: batch_norm) -> relu }
    net f { input x: 4x8x8; output y = x -> pair(4) -> unit(4) -> unit(4) -> conv: conv(4, 1) -> relu6 }"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("self.conv1, self.bn1", "self.conv1, self.bn2"),
        ("self.conv1, self.bn1", "self.conv2, self.bn1"),
        ("conv_bn_leaky_relu(x", "conv_bn_relu(x"),
        ("negative_slope=0.2", "negative_slope=0.1"),
        (", negative_slope=0.2", ""),
        ("conv_bn_add_relu(y", "conv_bn_add_silu(y"),
        ("conv_relu6(z, self.conv)", "conv_add_relu6(z, self.conv, z)"),
        ("conv_relu6(z, self.conv)", "conv_relu6(z, self.unit1.conv1)"),
    ],
)
def test_a_wrong_call_site_is_found(right: str, wrong: str) -> None:
    net = compiled(PROVED)
    found = sites(net.graph)
    text = net.source()
    replay(net.graph, text, "NetF", sites=CallSites(net.graph, found))
    assert right in text
    with pytest.raises(InternalError, match="no call site of the graph"):
        replay(net.graph, text.replace(right, wrong), "NetF", sites=CallSites(net.graph, found))


def test_a_call_site_that_the_pass_did_not_find_is_refused() -> None:
    net = compiled(PROVED)
    found = sites(net.graph)
    for site in found:
        fewer = [s for s in found if s is not site]
        with pytest.raises(InternalError, match="no call site of the graph"):
            replay(net.graph, net.source(), "NetF", sites=CallSites(net.graph, fewer))
