"""Passes run in order, each between two verifications; the one that breaks a graph is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netdsl.diagnostics import InternalError
from netdsl.graph import Graph
from netdsl.passes import PIPELINE, run
from tests.graphs import graph

TEXT = "net small {\n  input x: 3x8x8\n  output y = x -> conv(4, 3) -> relu -> global_avg_pool\n}\n"


def keep(g: Graph) -> Graph:
    return g


def rename(g: Graph) -> Graph:
    return replace(g, nodes=tuple(replace(node, name=f"{node.name}_") if node.op else node for node in g.nodes))


def forget_the_relu(g: Graph) -> Graph:
    """What a careless pass does: the node goes, its readers stay."""
    return replace(g, nodes=tuple(node for node in g.nodes if node.op is None or node.op.name != "relu"))


def give_up(g: Graph) -> Graph:
    raise InternalError("no idea", "details of it")


def test_no_pass_changes_nothing() -> None:
    g = graph(TEXT)
    assert run(g, ()) is g


def test_passes_run_in_order() -> None:
    g = run(graph(TEXT), (rename, keep, rename))
    assert [node.name for node in g.nodes if node.op] == ["conv__", "relu__", "global_avg_pool__"]


def test_the_pass_that_broke_the_graph_is_named_with_those_before_it() -> None:
    with pytest.raises(InternalError) as caught:
        run(graph(TEXT), (keep, rename, forget_the_relu, keep))
    message = str(caught.value)
    assert message.startswith("the pass `forget_the_relu` after keep, rename left `small` broken:")
    assert "numbers are dense" in message
    assert "missing_2_0 -> global_avg_pool" in caught.value.details


def test_the_first_pass_has_nothing_before_it() -> None:
    with pytest.raises(InternalError, match=r"^the pass `forget_the_relu` left `small` broken"):
        run(graph(TEXT), (forget_the_relu,))


def test_a_graph_broken_before_the_first_pass_is_not_blamed_on_it() -> None:
    with pytest.raises(InternalError, match=r"^elaboration left `small` broken"):
        run(forget_the_relu(graph(TEXT)), (keep,))


def test_a_pass_that_fails_is_named() -> None:
    with pytest.raises(InternalError, match=r"^the pass `give_up` after keep failed: no idea") as caught:
        run(graph(TEXT), (keep, give_up))
    assert caught.value.details == "details of it"


def test_the_pipeline_is_a_tuple_of_documented_passes() -> None:
    assert isinstance(PIPELINE, tuple)
    assert all(step.__doc__ for step in PIPELINE)
