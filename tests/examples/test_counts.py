"""Parameters, MACs and shapes of the examples are those of the reference implementations in `oracle/golden.json`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.costs import expense
from tests.examples.networks import EXAMPLES, FAMILIES, ZOO, check, compile_with, compiled, recorded, summary

GOLDEN = recorded("golden")


def without_ones(shape: list[int]) -> list[int]:
    """References keep 1 x 1 maps where the text may have a vector."""
    while len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    return shape


@pytest.mark.parametrize("network", GOLDEN)
def test_counts_are_the_references(network: str) -> None:
    found, golden = summary(network), GOLDEN[network]
    wanted = {key: golden[key] for key in ("params", "frozen", "inference_params", "macs")}
    assert {key: found[key] for key in wanted} == wanted
    assert found["network"] == ZOO[network]["net"]


@pytest.mark.parametrize("network", GOLDEN)
def test_counts_of_nodes_add_up(network: str) -> None:
    found = summary(network)
    assert sum(node["params"] for node in found["nodes"]) == found["params"]


@pytest.mark.parametrize("network", GOLDEN)
def test_shapes_are_the_references(network: str) -> None:
    found, golden = summary(network), GOLDEN[network]
    for key in ("inputs", "outputs"):  # a reference may have joined or split them, and then has no say
        assert list(found[key].values()) == golden.get(key, list(found[key].values()))
    shapes = iter(without_ones(node["shape"]) for node in found["nodes"])
    for stage, shape in golden["stages"].items():
        assert without_ones(shape) in shapes, f"{stage} {shape} is not among the nodes that follow the stage before it"


def test_every_network_with_a_reference_is_counted() -> None:
    wanted = {network: entry["golden"] for network, entry in ZOO.items() if entry["golden"]}
    assert {network: golden["reference"] for network, golden in GOLDEN.items()} == wanted


@pytest.mark.parametrize("file", FAMILIES)
def test_nothing_in_a_family_is_wrong_or_doubtful(file: str) -> None:
    assert check(file) == ()


@pytest.mark.parametrize("file", FAMILIES)
def test_a_false_expectation_in_a_family_is_found(file: str, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)  # with what it may import
    text = (EXAMPLES / file).read_text(encoding="utf-8")
    (tmp_path / file).write_text(
        re.sub(r"(params +== [\d_]+)(\d)", lambda m: m[1] + str((int(m[2]) + 1) % 10), text, count=1), encoding="utf-8"
    )
    assert [diagnostic.code for diagnostic in check(file, tmp_path)] == ["N501"]


CLASSIFIERS = [
    file for file in FAMILIES if re.search(r"^net .*\bclasses\b", (EXAMPLES / file).read_text(), re.MULTILINE)
]


def classifiers(file: str) -> Iterator[str]:
    """The networks of a family that can be told the number of classes, the cheapest first."""
    for network in sorted(FAMILIES[file], key=expense):
        if any(parameter.name == "classes" for parameter in compiled(network).graph.parameters):
            yield network


def give_classes(network: str) -> None:
    found = compile_with(network, classes=7).summary().as_dict()
    changed = [shape for name, shape in found["outputs"].items() if shape != summary(network)["outputs"][name]]
    assert changed
    assert all(any(extent % 7 == 0 for extent in shape) for shape in changed)


@pytest.mark.parametrize("file", CLASSIFIERS)
def test_parameters_of_a_network_can_be_given(file: str) -> None:
    give_classes(next(classifiers(file)))


@pytest.mark.nightly
@pytest.mark.parametrize("file", CLASSIFIERS)
def test_parameters_of_every_network_can_be_given(file: str) -> None:
    for network in classifiers(file):
        give_classes(network)
