"""Every peer of the benchmark computes the network, and what is wrong or missing gets a row that says so."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import torch

import netdsl
from benchmarks.networks import NETWORKS
from netdsl.runtime.bench import bench, correct
from netdsl.runtime.bench.case import threads
from netdsl.runtime.bench.peers import PEERS, Peer
from netdsl.runtime.loading import load, network_class

pytestmark = pytest.mark.usefixtures("unburdened")  # every measurement begins by collecting garbage

ROOT = Path(__file__).parents[2]

# What a reader of the graph can get wrong: a norm that is folded and two that are not, windows that reach over the end,
# padding that counts, channels that are flattened, a value that is read twice, one that is cropped.
VARIED = """\
net varied {
  input image: 3x18x18
  a = image -> conv(8, 3, pad = [[0, 1], [1, 0]]) -> batch_norm -> relu -> max_pool(3, stride = 2, ceil = true)
  b = a -> conv(8, 3, groups = 2, bias = false) -> batch_norm -> relu6 -> batch_norm -> avg_pool(3, stride = 1, pad = 1)
  c = add(a, b) -> avg_pool(2, pad = 1, ceil = true, count_include_pad = false)
  e = c -> deconv(4, 2, stride = 2) -> batch_norm
  d = concat(e, image -> crop(e)) -> lrn(3, alpha = 0.5) -> conv(6, 3, dilation = 2) -> silu
  output scores = d -> max_pool(2) -> flatten -> linear(9) -> relu -> linear(7)
  output map = d -> global_avg_pool
}
"""


def run(text, engine=None, **options):
    network = netdsl.compile(text)

    def build():
        return network_class(load(network.source(plain=True), network.name))()

    return bench(network.graph, build, engine or network.engine, **{"pairs": 2, **options})


@pytest.mark.parametrize("peer", ["eager", "onnxruntime", "openvino", "jax"])
def test_a_peer_computes_the_network(peer, monkeypatch):
    if importlib.util.find_spec(PEERS[peer].package) is None:
        pytest.skip(f"{PEERS[peer].package} is not installed")
    if peer == "jax":
        monkeypatch.setattr("netdsl.runtime.bench.xla.processors", threads)
    monkeypatch.setattr("netdsl.runtime.bench.measure.TURN", 0.001)
    ours, row = run(VARIED, peers=[peer], batches=[3]).rows
    assert (ours.peer, row.peer) == ("netdsl", peer)
    assert row.error is None, row.error
    assert 0 < row.off < correct.GATES["float32"]
    assert row.rounds == 2
    assert row.median_ms > 0
    assert row.images_per_s == pytest.approx(3e3 / row.median_ms)
    assert row.ratio.low <= row.ratio.median <= row.ratio.high


@pytest.mark.nightly
@pytest.mark.parametrize("peer", ["inductor", "max-autotune"])
def test_a_compiled_peer_computes_the_network(peer):
    _, row = run(VARIED, peers=[peer], batches=[2]).rows
    assert row.error is None, row.error
    assert row.compile_s > 0.1


@pytest.mark.nightly
@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.net)
def test_every_peer_computes_every_network_that_is_measured(network, monkeypatch):
    if PEERS["jax"].missing() is None:
        monkeypatch.setattr("netdsl.runtime.bench.xla.processors", threads)
    peers = [peer for peer in ("eager", "onnxruntime", "openvino", "jax") if PEERS[peer].missing() is None]
    found = netdsl.compile(ROOT / "examples" / network.file, network.net).bench(peers=peers, pairs=1)
    assert [row.error for row in found.rows] == [None] * (1 + len(peers))


class Slightly(torch.nn.Module):
    """A module whose output is 5e-4 off, as the smallest of the classic mistakes of fusion make it."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, *inputs):
        first, *rest = self.module(*inputs)
        return (first * (1 + 5e-4), *rest)


def test_a_peer_that_is_wrong_is_not_timed(monkeypatch):
    monkeypatch.setattr("netdsl.runtime.bench.measure.TURN", 0.001)
    found = run(VARIED, lambda module, **options: Slightly(module), peers=["eager"])
    ours, eager = found.rows
    assert ours.error is not None
    assert ours.error.startswith("wrong: its outputs are 5.0e-04 off")
    assert ours.median_ms is None
    assert eager.error is None
    assert eager.ratio is None  # there is nothing to compare with
    assert not found.sound


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda outputs: outputs[:1], "1 outputs for 2"),
        (lambda outputs: (outputs[0] * torch.nan, outputs[1]), "infinite or no number"),
        (lambda outputs: (outputs[0][:, :-1], outputs[1]), "off"),
        (lambda outputs: (outputs[0].roll(1, 0), outputs[1]), "off"),
    ],
)
def test_every_way_to_be_wrong_is_seen(spoil, words):
    def engine(module, **options):
        return lambda *inputs: spoil(module(*inputs))

    (ours,) = run(VARIED, engine, peers=[], batches=[2], pairs=1).rows
    assert ours.error.startswith("wrong: ")
    assert words in ours.error


def test_an_engine_that_is_not_captured_says_so_in_its_row():
    class Uncaptured(torch.nn.Module):
        uncaptured = "`conv1` (cuDNN): no"

        def __init__(self, module):
            super().__init__()
            self.forward = module.forward

    (ours,) = run(VARIED, lambda module, **options: Uncaptured(module), peers=[], pairs=1).rows
    assert ours.note == "not in a CUDA graph: `conv1` (cuDNN): no"


def test_what_a_peer_raises_stands_in_its_row(monkeypatch):
    def engine(module, **options):
        raise RuntimeError("no such instruction\nat some place")

    ours, eager = run(VARIED, engine, peers=["eager"], pairs=1).rows
    assert ours.error == "RuntimeError: no such instruction"
    assert eager.median_ms > 0


def test_a_missing_peer_is_left_out_with_a_note_or_where_it_was_named_has_a_row(monkeypatch):
    monkeypatch.setitem(PEERS, "openvino", Peer("open_vino", "no_such_package", frozenset({"cpu"})))
    for peer in ("inductor", "onnxruntime", "jax"):
        monkeypatch.delitem(PEERS, peer)
    found = run(VARIED, lambda module, **options: module, pairs=1)
    assert [row.peer for row in found.rows] == ["netdsl", "eager"]
    (note,) = found.notes
    assert note.startswith("openvino was left out: the package `no_such_package` is not installed: pip install")
    named = run(VARIED, lambda module, **options: module, peers=["openvino"], pairs=1)
    assert "`no_such_package` is not installed" in named.rows[1].error
    assert not named.notes
    assert named.sound


def test_a_peer_that_there_is_not():
    with pytest.raises(ValueError, match="no peer tensorrt"):
        run(VARIED, peers=["tensorrt"])


@pytest.mark.parametrize(
    ("peer", "dtype", "words"),
    [("onnxruntime", "bfloat16", "not in bfloat16"), ("openvino", "bfloat16", "not in bf16")],
)
def test_a_precision_that_a_peer_does_not_compute_in(peer, dtype, words):
    if importlib.util.find_spec(PEERS[peer].package) is None:
        pytest.skip(f"{PEERS[peer].package} is not installed")
    flags = torch.backends.cpu.get_capabilities() if hasattr(torch.backends.cpu, "get_capabilities") else {}
    if peer == "openvino" and (flags.get("avx512_bf16") or flags.get("amx_bf16")):
        pytest.skip("this processor computes in bf16")
    row = run(VARIED, lambda module, **options: module, peers=[peer], dtype=dtype, pairs=1).rows[1]
    assert words in row.error


def test_weights_keep_values_of_unit_size_and_statistics_are_what_norms_see():
    from netdsl.runtime.bench.case import drawn, prepared

    network = netdsl.compile(VARIED)
    nodes = [network.graph.nodes[number] for number in network.graph.inputs]
    module = prepared(lambda: network.module(), nodes)
    seen = []
    for name, norm in module.named_modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.register_forward_hook(lambda _, x, y, name=name: seen.append((name, x[0], y)))
    with torch.no_grad():
        module(*drawn(nodes, 2))
    assert len(seen) == 4
    for name, _, y in seen:
        layer: Any = module.get_submodule(name)
        scaled = (y - layer.bias.view(1, -1, 1, 1)) / layer.weight.view(1, -1, 1, 1)
        assert scaled.mean().abs() < 0.02, name  # the statistics are those of two samples
        assert scaled.std() == pytest.approx(1, abs=0.05), name
