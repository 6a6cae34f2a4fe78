"""The list of the zoo is whole: every network of the examples is in it, says what it must be, and is on the page."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from netdsl.syntax import tree
from netdsl.syntax.parse import parse
from netdsl.syntax.read import read_source
from tests.examples import zoo
from tests.examples.networks import EXAMPLES, FAMILIES, FILE, ZOO, compiled, recorded

FILES = sorted(EXAMPLES.rglob("*.net"))
EXPECTED = {"params", "macs"}


def definitions(file: tree.File) -> list[tree.Definition]:
    """The networks of a file that can be built by themselves; the others are what variants are made from."""
    nets = [item for item in file.items if isinstance(item, tree.Definition) and item.kind == "net"]
    return [net for net in nets if all(p.default is not None or p.rest for p in net.parameters)]


def again(net: tree.Definition) -> bool:
    """Whether a network is another file's, by its own name: `net a = other.a`."""
    match net.body:
        case tree.Pipeline(stages=(tree.Stage(unit=tree.Attribute(tree.Name(), tree.Name(there))),)):
            return there == net.name.name
    return False


def expected(file: tree.File, net: str) -> set[str]:
    """The figures of a network that some `expect ... == ...`, inside it or of the file, speaks of."""
    found: set[str] = set()
    for item in file.items:
        if isinstance(item, tree.Definition) and item.name.name == net and isinstance(item.body, tree.Body):
            inside = [s.condition for s in item.body.statements if isinstance(s, tree.Expect)]
            found |= {node.left.name for node in equations(inside) if isinstance(node.left, tree.Name)}
        elif isinstance(item, tree.Expect):
            for node in equations([item.condition]):
                match node.left:
                    case tree.Attribute(tree.Name(name), tree.Name(figure)) if name == net:
                        found.add(figure)
    return found


def equations(conditions: list[Any]) -> list[tree.Binary]:
    """Those that must hold: joined by `and` alone."""
    found: list[tree.Binary] = []
    while conditions:
        node = conditions.pop()
        if isinstance(node, tree.Binary) and node.operator == "and":
            conditions += [node.left, node.right]
        elif isinstance(node, tree.Binary) and node.operator == "==":
            found.append(node)
    return found


def parsed(path: Path) -> tree.File:
    return parse(read_source(path))


def test_every_network_of_the_examples_is_in_the_list() -> None:
    listed = {(entry["file"].removeprefix("examples/"), entry["net"]) for entry in ZOO.values()}
    written = {
        (str(path.relative_to(EXAMPLES)), net.name.name)
        for path in FILES
        for net in definitions(parsed(path))
        if not again(net)
    }
    assert written - listed == set()
    assert listed - written == set()


def test_networks_have_names_of_their_own() -> None:
    assert len({entry["net"] for entry in ZOO.values()}) == len({(e["file"], e["net"]) for e in ZOO.values()})


@pytest.mark.parametrize("file", FAMILIES)
def test_every_network_says_its_parameters_and_macs(file: str) -> None:
    text = parsed(EXAMPLES / file)
    silent = {net.name.name: expected(text, net.name.name) for net in definitions(text)}
    assert {net: EXPECTED - found for net, found in silent.items() if not found >= EXPECTED} == {}


@pytest.mark.parametrize("file", FAMILIES)
def test_every_network_is_described(file: str) -> None:
    text = parsed(EXAMPLES / file)
    assert text.doc


def test_silence_is_found() -> None:
    from netdsl.syntax.read import from_text

    text = """
net a {
  input x: [3]
  output y = x -> linear(2)
  expect params == 8 or macs == 6
}
net b = a
expect a.params == 8 and b.macs == 6
expect a.macs > 1
"""
    file = parse(from_text("text", text))
    assert [net.name.name for net in definitions(file)] == ["a", "b"]
    assert not any(map(again, definitions(file)))
    assert expected(file, "a") == {"params"}
    assert expected(file, "b") == {"macs"}


@pytest.mark.parametrize("network", ZOO)
def test_entries_are_of_one_form(network: str) -> None:
    entry = ZOO[network]
    assert list(entry)[:4] == ["file", "net", "set", "golden"]
    assert set(entry) - {"inference", "plugin"} == {"file", "net", "set", "golden", "oracle", "published", "reason"}
    assert entry["oracle"] is None or entry["oracle"] in recorded("oracle")
    assert list(zoo.figures(entry["published"])) if entry["published"] else True
    assert FILE[network].is_file()


def test_a_network_with_side_heads_names_its_reference_at_inference() -> None:
    # What the reference with its heads is said to cost counts them; ours is without, as at inference.
    heads = {network for network in ZOO if any(output.aux for output in compiled(network).graph.outputs)}
    assert {network for network, entry in ZOO.items() if "inference" in entry} <= heads


def test_every_difference_has_a_reason() -> None:
    assert [line for line in zoo.page().splitlines() if " % |" in line] == []


def test_the_page_is_current() -> None:
    assert zoo.PAGE.read_text(encoding="utf-8") == zoo.page(), "run python -m tests.examples.zoo"


@pytest.mark.parametrize(
    ("published", "ours", "told"),
    [
        ("62.3 million parameters", 62_378_344, "+0.13 %"),
        ("62.4 million parameters", 62_378_344, "as published"),
        ("60,000 parameters", 60_000, "as published"),
        ("60,000 parameters", 60_001, "+0.0017 %"),
        ("1.9 billion MACs", 1_814_073_344, "-4.5 %"),
    ],
)
def test_difference_is_told_at_the_digits_given(published: str, ours: int, told: str) -> None:
    [(_, *figure)] = zoo.figures(published)
    assert zoo.difference(ours, *figure) == told


def test_figures_are_read_with_their_scale() -> None:
    found = list(zoo.figures("4.2 million parameters; 569 million MACs"))
    assert found == [("params", Decimal(4_200_000), Decimal(100_000)), ("macs", Decimal(569_000_000), Decimal(10**6))]
    with pytest.raises(ValueError):
        list(zoo.figures("about 5 million parameters"))
