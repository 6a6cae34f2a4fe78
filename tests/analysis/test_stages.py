"""What each pass does, told one after the other: against the fused graph, and against a text whose fusion is known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import netdsl
from netdsl.step import kernels, parts
from tests.examples.networks import compiled

GOLDEN = Path(__file__).parents[1] / "golden" / "difference"

TEXT = """
block unit(c) = add { conv(c, 3) -> batch_norm -> relu -> conv(c, 3) -> batch_norm; identity } -> relu
net n {
  input x: 8x16x16
  target t: class
  output y = x -> unit(8) -> concat { a: conv(4, 1) -> relu; b: conv(4, 3) -> relu } -> dropout(0.5)
    -> global_avg_pool -> fc: linear(5)
  loss = cross_entropy(y, t)
}
"""


def test_small(golden) -> None:
    golden(GOLDEN / "passes.txt", netdsl.compile(TEXT).stages().to_text() + "\n")


@pytest.mark.parametrize("network", ["resnet50", "googlenet", "densenet121", "unet", "lenet", "mobilenet_v2"])
def test_what_is_told_comes_to_the_fused_graph(network: str) -> None:
    """Replay the changes by name: the sets of nodes that one kernel computes are those of the fused graph."""
    found = compiled(network)
    home = {node.name: frozenset((node.name,)) for node in found.graph.nodes}
    for stage in found.stages().stages:
        for change in stage.changes:
            if change.kind == "joined":
                home.update(dict.fromkeys(change.before, frozenset(change.before)))
            elif change.kind == "gone":
                for name in change.before:
                    del home[name]
    fused = {frozenset(part.name for part in parts(node)) or frozenset((node.name,)) for node in found.fused.nodes}
    assert set(home.values()) == fused


def test_the_count_of_kernels_only_falls_and_ends_at_the_fused_graph_s() -> None:
    found = compiled("resnet50")
    stages = found.stages()
    counts = [stages.kernels, *(stage.kernels for stage in stages.stages)]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] == len(kernels(found.fused)) < counts[0]


def test_every_reason_is_told() -> None:
    found = compiled("googlenet")
    told = {change.before[0]: change.after for stage in found.stages().stages for change in stage.changes}
    plan = found.fused.plan
    assert plan is not None
    assert {name: told[name] for name in plan.dropped} == plan.dropped
    assert set(plan.views) <= set(told)


def test_what_reads_another_value_is_told() -> None:
    text = "net n { input x: 3x16x16; output y = x -> conv(8, 3) -> max_pool(2) -> relu -> conv(4, 3) }"
    changes = [str(change) for stage in netdsl.compile(text).stages().stages for change in stage.changes]
    assert any(change.startswith("~ ") and " in place of " in change for change in changes), changes


def test_json() -> None:
    data = json.loads(netdsl.compile(TEXT).stages().to_json())
    assert list(data) == ["network", "kernels", "passes"]
    first = data["passes"][0]
    assert first["pass"] == "drop"
    assert first["changes"][0] == {"kind": "gone", "nodes": ["t"], "after": "inference does not need it"}


def test_it_is_wrapped() -> None:
    text = compiled("googlenet").stages().to_text(60)
    longest = max(len(word) for word in text.split())
    assert max(len(line) for line in text.splitlines()) <= max(60, longest + 6)
