"""Call sites: what one call of the emitted module computes, and what is never in one."""

from __future__ import annotations

import pytest

from netdsl.passes.sites import sites
from netdsl.step import Site
from tests.examples.networks import compiled
from tests.graphs import graph


def found(body: str, inputs: str = "x: 4x8x8") -> list[Site]:
    return list(sites(graph(f"net n {{\n  input {inputs}\n  {body}\n}}\n")))


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("output y = x -> c: conv(4, 3) -> n: batch_norm -> r: relu", [Site("c", "n", activation="r")]),
        ("output y = x -> c: conv(4, 3) -> r: silu", [Site("c", activation="r")]),
        ("output y = (x -> c: conv(4, 3) -> n: batch_norm) + x -> r: relu6", [Site("c", "n", "add", 1, "r")]),
        ("output y = x + (x -> c: conv(4, 3)) -> r: relu", [Site("c", None, "add", 0, "r")]),
        (
            "output y = (x -> a: conv(4, 3)) + (x -> b: conv(4, 3) -> n: batch_norm)",
            [Site("b", "n", "add", 0)],  # the later one
        ),
        (
            "shared c = conv(4, 3)\n  output y = x -> c -> n: batch_norm -> c -> r: relu",
            [Site("c", "n"), Site("c_2", activation="r")],
        ),
        ("output y = x -> c: conv(4, 3) -> n: batch_norm -> m: batch_norm -> r: relu", [Site("c", "n")]),
        ("output y = x -> c: conv(4, 3) -> r: relu -> n: batch_norm", [Site("c", activation="r")]),
    ],
)
def test_sites(body: str, wanted: list[Site]) -> None:
    assert found(body) == wanted


@pytest.mark.parametrize(
    "body",
    [
        "output y = x -> conv(4, 3)",
        "output y = x -> conv(4, 3) -> max_pool(2) -> relu",
        "output y = x -> conv(4, 3) -> dropout(0.5) -> relu",  # which stays in the module
        "output y = x -> conv(4, 3) -> batch_norm(track = false)",
        "output y = x -> conv(4, 3) -> group_norm(2)",
        "output y = x -> conv(4, 3) -> softmax",
        "output y = x -> conv(4, 2, pad = [[0, 1], [0, 1]]) -> relu",  # no nn.Conv2d
        'output y = x -> conv(4, 3, mode = "reflect") -> relu',
        "output y = x -> deconv(4, 2, stride = 2) -> relu",
        "z = x -> conv(4, 3)\n  output y = z + z",
        "z = x -> conv(4, 3)\n  output y = z -> relu\n  output w = z -> max_pool(2)",
        "output z = x -> conv(4, 3)\n  output y = z -> batch_norm",
        "aux output z = x -> conv(4, 3)\n  output y = z -> batch_norm",
        "z = x -> conv(4, 3)\n  output y = z -> batch_norm\n  loss = z -> mean -> mean",
        "output y = (x -> conv(4, 3)) + (x -> global_avg_pool)",
        "output y = (x -> conv(4, 3)) + 1",
    ],
)
def test_no_site(body: str) -> None:
    assert found(body) == []


def test_other_ranks_have_none() -> None:
    assert found("output y = x -> conv(4, 3) -> relu", "x: 4x8") == []
    assert found("output y = x -> conv(4, 3) -> relu", "x: 4x8x8x8") == []


def test_a_network_as_it_trains() -> None:
    """All of ResNet-50's convolutions; every residual sum is in the later of the two that it adds."""
    network = compiled("resnet50").graph
    there = sites(network)
    assert len(there) == 53
    assert sum(site.add is not None for site in there) == 16
    names = {node.name for node in network.nodes}
    inside = [name for s in there for name in (s.conv, s.norm, s.add, s.activation) if name is not None]
    assert len(inside) == len(set(inside))
    assert set(inside) <= names
