"""Metamorphic relations: ways of saying the same network, on random networks; nothing else needs to be known."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
import torch

import netdsl
from netdsl.graph import Graph
from netdsl.syntax.format import format_text
from netdsl.syntax.read import from_text
from netdsl.text import to_text
from tests.graphs import graph
from tests.random.legs import Drawn, case, finite
from tests.random.networks import network
from tests.random.structure import canonical
from tests.reference.agreement import disagreement

Counted = Callable[[str, int | str], None]
SEEDS = range(5000, 5100)
NAME = re.compile(r"\b(x|v|s|t|p|y|h|n|c|block|layer|part|group|label|goal)(\d+)\b")


def texts() -> list[str]:
    found = []
    for seed in SEEDS:
        text = network(seed)
        try:
            graph(text, "f")
        except netdsl.NetdslError:
            continue
        found.append(text)
    return found


@pytest.fixture(scope="module")
def networks() -> list[str]:
    return texts()


def holds(networks: list[str], change: Callable[[str, Random], str | None], without: tuple[str, ...] = ()) -> int:
    """The change leaves every network as it is; gives how many it changed."""
    changed = 0
    for i, text in enumerate(networks):
        other = change(text, Random(i))
        if other is None or other == text:
            continue
        changed += 1
        assert canonical(graph(other, "f"), without) == canonical(graph(text, "f"), without), f"{text}\n{other}"
    return changed


def renamed(text: str, random: Random) -> str:
    return NAME.sub(lambda found: f"{found[1]}_{97 * int(found[2]) % 1009}_", text)


def formatted(text: str, random: Random) -> str:
    squeezed = text.replace(" -> ", "->").replace("; ", ";").replace("  ", "\t")
    return format_text(from_text("<text>", squeezed))


def flat(text: str, random: Random) -> str:
    """Every block, loop and branch written out."""
    return to_text(graph(text, "f"))


def reordered(text: str, random: Random) -> str:
    """Statements of the net change places with those they do not need."""
    lines = text.split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith("net f"))
    for i in range(start + 1, len(lines) - 2):
        first, second = lines[i], lines[i + 1]
        plain = all(re.match(r"  (shared )?[a-z]\d+(, [a-z]\d+)* = ", line) for line in (first, second))
        names = set(re.findall(r"\b[a-z]+\d+\b", first.split(" = ")[0]))
        if plain and not names & set(re.findall(r"\b[a-z]+\d+\b", second)):
            lines[i], lines[i + 1] = second, first
    return "\n".join(lines)


def unrolled(text: str, random: Random) -> str:
    """`repeat 2 { a }` is `a -> a`."""
    while (found := re.search(r"repeat (\d) \{", text)) is not None:
        depth, end = 1, found.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        turns = " -> ".join([text[found.end() : end - 1].strip()] * int(found[1]))
        text = text[: found.start()] + turns + text[end:]
    return text


def outlined(text: str, random: Random) -> str | None:
    """The pipeline of a statement becomes a block."""
    found = re.search(r"\n  (v\d+) = (x\d+) -> ([^\n]*)\n", text)
    if found is None or re.search(r"in\.|: |\b[pstvx]\d", found[3]):
        return None
    called = f"\n  {found[1]} = {found[2]} -> outlined\n"
    return f"block outlined = {found[3]}\n" + text[: found.start()] + called + text[found.end() :]


def with_identities(text: str, random: Random) -> str:
    """Pipelines begin with nothing done."""
    return re.sub(r"( = x\d+) -> (?!.*\bt\d)", r"\1 -> identity -> ", text)


def in_braces(text: str, random: Random) -> str | None:
    """Braces around a pipeline without labels add nothing."""
    return re.sub(r"\n  (v\d+) = (x\d+) -> ([^\n:]*)\n", r"\n  \1 = \2 -> { \3 }\n", text)


CHANGES: dict[str, tuple[Callable[[str, Random], str | None], tuple[str, ...], int]] = {
    "names are only names": (renamed, (), 90),
    "formatting changes nothing": (formatted, (), 5),
    "a network is its flat text": (flat, (), 90),
    "independent statements have no order": (reordered, (), 20),
    "a repetition is its turns": (unrolled, (), 4),
    "a block is its body": (outlined, (), 10),
    "the identity does nothing": (with_identities, ("identity",), 20),
    "braces add nothing": (in_braces, ("identity",), 20),
}


@pytest.mark.parametrize("title", CHANGES)
def test_the_same_network_said_otherwise(title: str, networks: list[str], counted: Counted) -> None:
    change, without, least = CHANGES[title]
    changed = holds(networks, change, without)
    assert changed >= least, f"only {changed} networks were changed at all"
    counted("networks said otherwise", changed)


def test_changes_that_matter_are_seen(networks: list[str]) -> None:
    """The comparison itself: another operator, other operands, another sharing."""

    def essence(body: str) -> list[Any]:
        return canonical(graph(f"net f {{ input x: 3x4x4; {body} }}", "f"))

    one = essence("a = x -> relu; b = x -> tanh; output y = a - b")
    assert one == essence("b = x -> tanh; q = x -> relu; output y = q - b")
    assert one != essence("a = x -> relu; b = x -> tanh; output y = b - a")
    assert one != essence("a = x -> relu; b = x -> relu; output y = a - b")
    shared = essence("shared t = conv(3, 1); output y = x -> t; output z = x -> neg -> t")
    assert shared != essence("output y = x -> conv(3, 1); output z = x -> neg -> conv(3, 1)")


def over_the_batch(g: Graph) -> bool:
    """Whether samples see one another."""
    return any(not getattr(node.op, "track", True) for node in g.nodes) or any(
        node.op is not None
        and node.shapes
        and not node.shape
        and len(node.operands) == 1
        and not g.shape(node.operands[0])
        for node in g.nodes
    )


def test_a_batch_is_its_samples(counted: Counted) -> None:
    compared = 0
    for seed in SEEDS[:60]:
        try:
            net = netdsl.compile(network(seed), network="f")
        except netdsl.NetdslError:
            continue
        found = case(net, seed)
        if over_the_batch(net.graph) or not finite(found):
            continue
        g = net.graph
        xs = [torch.from_numpy(found.inputs[g.nodes[n].name]) for n in g.inputs]
        with torch.no_grad(), Drawn():
            whole = tuple_of(found.module(*xs))
            singles = [tuple_of(found.module(*(x[i : i + 1] for x in xs))) for i in range(len(xs[0]))]
        for place, value in enumerate(whole):
            if value is None or not value.dim() or value.shape[0] != len(xs[0]):
                continue
            alone = np.concatenate([single[place].numpy() for single in singles])
            assert disagreement(alone, value.numpy()) is None, network(seed)
            compared += 1
    assert compared > 40
    counted("outputs of a batch compared with those of its samples", compared)


def tuple_of(outputs: Any) -> tuple[Any, ...]:
    return (outputs,) if isinstance(outputs, torch.Tensor) else tuple(outputs)
