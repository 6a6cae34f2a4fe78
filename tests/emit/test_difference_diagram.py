"""Two networks in one picture: what is added, removed and changed has its colour, sign and place."""

from __future__ import annotations

import json
import xml.etree.ElementTree as xml
from pathlib import Path
from typing import Any

import pytest

import netdsl
from netdsl.comparison import Comparison
from tests.examples.networks import FILE

GOLDEN = Path(__file__).parents[1] / "golden" / "difference"

UNIT = """
block unit(c) = add {{ conv(c, 3) -> batch_norm -> {0} -> conv(c, 3) -> batch_norm; identity }} -> relu
net n {{
  input x: 16x32x32
  output y = x -> {1} -> relu -> u1: unit(16) -> u2: unit(16) -> {2} -> fc: linear({3})
}}
"""
OLD = UNIT.format("relu", "stem: conv(16, 5)", "dropout(0.3) -> global_avg_pool", 10)
NEW = UNIT.format("relu", "stem: { conv(16, 3) -> relu -> conv(16, 3) }", "global_avg_pool", 7)


def between(old: str, new: str) -> Comparison:
    return netdsl.compile(old).diff(netdsl.compile(new))


def drawn(comparison: Comparison) -> dict[str, Any]:
    return json.loads(comparison.draw(format="json"))


def labels(comparison: Comparison, kind: str) -> list[str]:
    return [part["label"] for box in drawn(comparison)["boxes"] for part in box["parts"] if part["kind"] == kind]


def test_every_node_has_the_colour_of_what_was_done():
    found = between(OLD, NEW)
    assert labels(found, "added") == ["+ relu", "+ conv 3×3, 16"]
    assert labels(found, "removed") == ["– dropout 0.3"]
    assert labels(found, "changed") == ["~ conv 3×3, 16 (was 5×5, 16)", "~ linear 7 (was 10)"]


def test_blocks_in_which_nothing_was_done_are_closed():
    data = drawn(between(OLD, NEW))
    assert [box["parts"][0]["name"] for box in data["boxes"] if box["parts"][0]["kind"] == "block"] == ["u1", "u2"]
    changed = between(OLD, OLD.replace("-> relu -> conv", "-> gelu -> conv"))
    assert labels(changed, "block") == []
    assert labels(changed, "changed") == ["~ gelu (was relu)"] * 2


def test_what_is_gone_stands_between_what_it_read_and_what_read_it():
    data = drawn(between(OLD, NEW))
    (gone,) = [box["id"] for box in data["boxes"] if box["parts"][0]["kind"] == "removed"]
    names = {box["id"]: box["parts"][-1]["name"] for box in data["boxes"]}
    assert [names[edge["source"]] for edge in data["edges"] if edge["target"] == gone] == ["u2"]
    assert [names[edge["target"]] for edge in data["edges"] if edge["source"] == gone] == ["global_avg_pool"]


def test_what_is_gone_from_a_block_stands_in_it():
    old = "block b = conv(4, 3) -> relu -> conv(4, 3)\nnet n { input x: 4x8x8; output y = x -> one: b -> two: b }"
    new = "block b = conv(4, 3) -> conv(4, 3)\nnet n { input x: 4x8x8; output y = x -> one: b -> two: b }"
    data = drawn(between(old, new))
    clusters = {cluster["id"]: cluster["name"] for cluster in data["clusters"]}
    places = [clusters[box["cluster"]] for box in data["boxes"] if box["parts"][0]["kind"] == "removed"]
    assert places == ["one", "two"]


def test_a_change_that_the_label_does_not_tell_is_named():
    found = between(OLD, OLD.replace("stem: conv(16, 5)", "stem: conv(16, 5, bias = false)"))
    assert labels(found, "changed") == ["~ conv 5×5, 16 (bias)"]


@pytest.mark.parametrize(
    ("old", "new"),
    [("alexnet", "alexnet_single"), ("googlenet", "googlenet_torchvision"), ("unet", "unet_flat"), ("lenet", "vgg_a")],
)
def test_pictures_of_any_two_networks(old, new):
    found = netdsl.compile(FILE[old], network=old).diff(netdsl.compile(FILE[new], network=new))
    data = drawn(found)
    count = {kind: sum(entry.kind == kind for entry in found.entries) for kind in ("added", "removed", "changed")}
    assert {kind: len(labels(found, kind)) for kind in count} == count
    ids = {box["id"] for box in data["boxes"]}
    assert all(edge["source"] in ids and edge["target"] in ids for edge in data["edges"])
    picture = xml.fromstring(found.draw(format="svg", theme="light"))
    assert len([g for g in picture.iter() if g.get("class", "").startswith("node k-removed")]) == count["removed"]


def test_branches_that_change_places_make_no_circle():
    old = "net n { input x: [8]; a = x -> tanh; b = a -> relu -> sigmoid; output y = b -> linear(3) }"
    new = "net n { input x: [8]; a = x -> sigmoid; b = a -> gelu -> tanh; output y = b -> linear(3) }"
    assert between(old, new).draw(format="svg").startswith(b"<svg")


@pytest.mark.parametrize("ending", ["svg", "png", "pdf", "dot", "mmd"])
def test_it_is_written_to_a_file(tmp_path, ending):
    between(OLD, NEW).draw(tmp_path / f"x.{ending}")
    assert (tmp_path / f"x.{ending}").stat().st_size > 1000


def test_dot(golden):
    golden(GOLDEN / "small.dot", between(OLD, NEW).draw(format="dot").decode())
