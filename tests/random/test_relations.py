"""Metamorphic relations: ways of saying the same network, on random networks; nothing else needs to be known.

That a network cut in two is its parts composed, and a batch its samples, is in `test_composition.py`; that fusing
changes nothing in `test_agreement.py`; and that passes may run in any subset and order in `test_passes.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import count
from random import Random
from typing import Any, NamedTuple

import pytest

import netdsl
from netdsl.graph import Graph
from netdsl.passes.inference import drop
from tests.graphs import graph
from tests.random import changes
from tests.random.parts import full
from tests.random.structure import canonical

Counted = Callable[[str, int | str], None]
FIXED, NIGHTLY = 5000, 300_000  # where seeds begin


class Relation(NamedTuple):
    """`change` keeps what `seen` says of a graph."""

    change: changes.Change
    seen: Callable[[Graph], Any] = canonical


def without_identities(g: Graph) -> Any:
    """A branch or body that is `identity` alone is no node; among other stages it is one."""
    return canonical(g, ("identity",))


def once(g: Graph) -> Any:
    return canonical(g, once=True)


def at_inference(g: Graph) -> Any:
    return canonical(drop(g))


RELATIONS = {
    "names are only names": Relation(changes.renamed),
    "independent statements have no order": Relation(changes.reordered),
    "a block is its body": Relation(changes.outlined, without_identities),
    "a network is its flat text": Relation(changes.flat),
    "a repetition is its turns": Relation(changes.unrolled, without_identities),
    "the identity does nothing": Relation(changes.with_identities, without_identities),
    "a dead branch does nothing": Relation(changes.with_dead_branches),
    "an auxiliary output is dead at inference": Relation(changes.with_auxiliary_output, at_inference),
    "a value may be computed twice": Relation(changes.duplicated, once),
    "formatting changes nothing": Relation(changes.formatted),
    "braces add nothing": Relation(changes.in_braces, without_identities),
}


@lru_cache(maxsize=200)
def network(seed: int) -> str | None:
    """The text of a seed; None where it is refused."""
    text = full(seed)
    try:
        graph(text, "f")
    except netdsl.NetdslError:
        return None
    return text


@lru_cache(maxsize=500)
def seen_of(seen: Callable[[Graph], Any], text: str) -> Any:
    """What several relations ask of a network as it is."""
    return seen(graph(text, "f"))


def networks(start: int) -> Iterator[tuple[int, str]]:
    """Seeds from `start` on with their texts."""
    for seed in count(start):
        if (text := network(seed)) is not None:
            yield seed, text


def examine(title: str, start: int, least: int) -> int:
    """Hold a relation on networks until it has applied to `least`; gives how many networks that took."""
    change, seen = RELATIONS[title]
    applied = 0
    for tried, (seed, text) in enumerate(networks(start), 1):
        pair = change(text, Random(seed))
        if pair is not None and pair[0] != pair[1]:
            one, other = pair
            assert seen(graph(other, "f")) == seen_of(seen, one), f"{title}, seed {seed}\n{one}\n{other}"
            applied += 1
        assert tried - applied <= least // 2, f"of {tried} networks only {applied} were changed at all"
        if applied == least:
            return tried
    raise AssertionError("there are always more")


@pytest.mark.parametrize("title", RELATIONS)
def test_the_same_network_said_otherwise(title: str, counted: Counted) -> None:
    examine(title, FIXED, 100)
    counted(f"networks on which {title}", 100)


@pytest.mark.nightly
@pytest.mark.parametrize("title", RELATIONS)
def test_many_networks_said_otherwise(title: str, counted: Counted) -> None:
    examine(title, NIGHTLY, 1000)
    counted(f"networks on which {title}", 1000)


def test_changes_that_matter_are_seen() -> None:
    """The comparison itself: another operator, other operands, another sharing, two of what may be one."""

    def essence(body: str, once: bool = False) -> list[Any]:
        return canonical(graph(f"net f {{ input x: 3x4x4; {body} }}", "f"), once=once)

    one = essence("a = x -> relu; b = x -> tanh; output y = a - b")
    assert one == essence("b = x -> tanh; q = x -> relu; output y = q - b")
    assert one != essence("a = x -> relu; b = x -> tanh; output y = b - a")
    assert one != essence("a = x -> relu; b = x -> relu; output y = a - b")
    shared = essence("shared t = conv(3, 1); output y = x -> t; output z = x -> neg -> t")
    assert shared != essence("output y = x -> conv(3, 1); output z = x -> neg -> conv(3, 1)")

    twice = "output y = x -> {0}; output z = x -> {0}"
    for stage, may in (("relu", True), ("conv(3, 1)", False), ("dropout(0.5)", False)):
        alone = essence(f"a = x -> {stage}; output y = a; output z = a", once=True)
        assert (essence(twice.format(stage), once=True) == alone) is may
        assert essence(twice.format(stage)) != alone
