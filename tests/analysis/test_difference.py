"""What two networks differ in: known edits are found, figures add up, keys carry weights over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import netdsl
from netdsl.analysis.difference import Difference
from netdsl.rendering.columns import width as columns_of
from tests.examples.networks import FILE
from tests.graphs import graph

GOLDEN = Path(__file__).parents[1] / "golden" / "difference"


def net(pipeline: str, head: str = "input x: 16x32x32") -> str:
    return f"net n {{\n  {head}\n  output y = x -> {pipeline}\n}}\n"


def between(old: str, new: str) -> Difference:
    return Difference.of(graph(net(old)), graph(net(new)))


def of(old: str, new: str) -> Difference:
    return Difference.of(graph(FILE[old], old), graph(FILE[new], new))


def kinds(difference: Difference) -> list[tuple[str, str]]:
    """What differs, without what follows from it: the kind, and the new name, or the old one where it is gone."""
    return [
        (entry.kind, (entry.new or entry.old).name)  # type: ignore[union-attr]
        for entry in difference.entries
        if entry.kind not in ("same", "resized", "renamed")
    ]


# ----------------------------------------------------------------------------------------------------------- nothing


@pytest.mark.parametrize(
    "network", ["lenet", "googlenet", "densenet121", "unet", "siamese", "resnet50", "inception_v3"]
)
def test_a_network_does_not_differ_from_itself(network: str) -> None:
    found = of(network, network)
    assert found.equal
    assert {entry.numbers[0] == entry.numbers[1] for entry in found.entries} == {True}
    assert found.keys.renamed == {}
    assert (found.keys.dropped, found.keys.added, found.keys.reshaped) == ((), (), {})
    assert found.to_text(200).endswith(": no difference")


def test_two_texts_of_one_network_do_not_differ() -> None:
    assert of("vgg16", "vgg_d").equal


# ------------------------------------------------------------------------------------------------------- known edits


def test_an_attribute_is_changed() -> None:
    found = of("alexnet", "alexnet_single")
    assert kinds(found) == [("changed", "conv2"), ("changed", "conv4"), ("changed", "conv5")]
    assert [entry.attributes for entry in found.entries if entry.differs] == [{"groups": (2, 1)}] * 3


def test_layers_are_added_and_numbers_behind_them_move() -> None:
    found = of("vgg_d", "vgg_e")
    assert kinds(found) == [("added", f"features.{n}") for n in (16, 17, 25, 26, 34, 35)]
    assert found.keys.renamed["features.17.weight"] == "features.19.weight"
    assert len(found.keys.kept) == 32
    assert len(found.keys.added) == 6


def test_units_are_added_to_a_stage() -> None:
    found = of("resnet50", "resnet101")
    assert {kind for kind, _ in kinds(found)} == {"added"}
    assert {name.rpartition(".")[0] for _, name in kinds(found)} == {f"layer3.{n}" for n in range(6, 23)}
    assert found.keys.renamed == {}


def test_what_is_gone_stands_where_it_stood() -> None:
    found = between("a: conv(8, 3) -> relu -> tanh -> b: conv(8, 3)", "a: conv(8, 3) -> b: conv(8, 3)")
    assert [(entry.kind, (entry.old or entry.new).name) for entry in found.entries] == [  # type: ignore[union-attr]
        *(("same", "x"), ("same", "a"), ("removed", "relu"), ("removed", "tanh"), ("same", "b")),
    ]


def test_an_operator_of_the_same_family_is_changed() -> None:
    found = between("conv(8, 3) -> relu -> conv(8, 3)", "conv(8, 3) -> gelu -> conv(8, 3)")
    assert kinds(found) == [("changed", "gelu")]
    assert "relu → gelu" in found.to_text()


def test_a_block_around_it_moves_it() -> None:
    flat = net("c1: conv(8, 3) -> batch_norm -> relu -> c2: conv(8, 3) -> batch_norm -> relu")
    blocks = "block unit = conv(8, 3) -> batch_norm -> relu\n" + net("unit -> unit")
    found = Difference.of(graph(flat), graph(blocks))
    assert kinds(found) == []
    assert not found.equal
    assert found.keys.prefixes() == {
        ("c1", "unit1.0"): 2,
        ("batch_norm1", "unit1.1"): 5,
        ("c2", "unit2.0"): 2,
        ("batch_norm2", "unit2.1"): 5,
    }


def test_branches_in_another_order() -> None:
    found = between("concat { conv(4, 1); max_pool(3, 1, 1) }", "concat { max_pool(3, 1, 1); conv(4, 1) }")
    assert kinds(found) == [("changed", "concat")]
    entry = next(entry for entry in found.entries if entry.kind == "changed")
    assert entry.reads == (("conv", "max_pool"), ("max_pool", "conv"))


def test_operands_that_change_places() -> None:
    old = "net n { input x, z: [8]; output y = x - z }"
    new = "net n { input x, z: [8]; output y = z - x }"
    found = Difference.of(graph(old), graph(new))
    assert kinds(found) == [("changed", "sub")]


def test_an_operator_between_is_looked_through() -> None:
    found = between("conv(8, 3) -> conv(8, 3)", "conv(8, 3) -> dropout(0.5) -> conv(8, 3)")
    assert kinds(found) == [("added", "dropout")]


def test_a_skip_that_is_gone() -> None:
    found = between("add { conv(16, 3); identity } -> relu", "add { conv(16, 3); conv(16, 1) } -> relu")
    assert ("added", "conv2") in kinds(found) or ("changed", "conv2") in kinds(found)
    assert ("changed", "add") not in kinds(found)


def test_another_input_size_resizes_and_changes_nothing_else() -> None:
    found = Difference.of(
        graph(net("conv(4, 3) -> relu -> global_avg_pool -> linear(5)", "input x: 3x32x32")),
        graph(net("conv(4, 3) -> relu -> global_avg_pool -> linear(5)", "input x: 3x64x64")),
    )
    assert kinds(found) == [("changed", "x")]
    assert [entry.kind for entry in found.entries] == ["changed", "resized", "resized", "same", "same"]
    assert "2 nodes have only another size" in found.to_text()


def test_outputs_and_the_loss() -> None:
    old = "net n { input x: [4]; target t: [3]; h = x -> linear(3); output y = h -> tanh; loss = mse(y, t) }"
    new = "net n { input x: [4]; h = x -> linear(3); output y = h; output z = h -> tanh }"
    found = Difference.of(graph(old), graph(new))
    assert [(output.kind, output.name, output.reads) for output in found.outputs] == [
        ("changed", "y", ("tanh", "linear")),
        ("added", "z", ("", "tanh")),
        ("removed", "loss", ("loss.mse", "")),
    ]


# --------------------------------------------------------------------------------------------- the lecture's windows


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        ("conv(16, 5)", "conv(16, 3) -> relu -> conv(16, 3)", "25 → 18 weights per channel pair, the same field"),
        ("conv(16, 7)", "conv(16, [1, 7]) -> conv(16, [7, 1])", "49 → 14 weights per channel pair, the same field"),
        (
            "conv(16, 11)",
            "repeat 5 { conv(16, 3) -> relu }",
            "121 → 45 weights per channel pair, the same field",
        ),
        ("conv(16, 5)", "conv(16, 3)", "25 → 9 weights per channel pair, the field 7 → 5"),
    ],
)
def test_windows_in_place_of_windows(old: str, new: str, note: str) -> None:
    text = between(f"a: conv(16, 3) -> relu -> {old} -> relu", f"a: conv(16, 3) -> relu -> {new} -> relu").to_text()
    assert note in text, text


def test_channels_that_do_not_pair_are_not_compared() -> None:
    text = between("conv(16, 5)", "conv(16, 3, groups = 16) -> conv(16, 1)").to_text()
    assert "per channel pair" not in text


# --------------------------------------------------------------------------------------------------------- properties

LAYERS = ("conv(16, 3)", "conv(16, 1)", "relu", "tanh", "batch_norm", "max_pool(3, 1, 1)", "conv(16, 3, dilation = 2)")


@st.composite
def edits(draw: Any) -> tuple[list[str], list[str]]:
    """Labelled layers in a row, and the labels after some were taken out and others put in."""
    old = draw(st.lists(st.sampled_from(LAYERS), min_size=1, max_size=8))
    labelled = [f"l{i}: {layer}" for i, layer in enumerate(old)]
    kept = draw(st.lists(st.booleans(), min_size=len(old), max_size=len(old)))
    new = [layer for layer, keep in zip(labelled, kept, strict=True) if keep]
    for number, layer in enumerate(draw(st.lists(st.sampled_from(LAYERS), max_size=3))):
        new.insert(draw(st.integers(0, len(new))), f"n{number}: {layer}")
    return labelled, new or ["identity"]


@given(edits())
@settings(max_examples=100)
def test_what_keeps_its_label_and_operator_is_its_own_counterpart(lists: tuple[list[str], list[str]]) -> None:
    old, new = lists
    found = between(" -> ".join(old), " -> ".join(new))
    pairs = {entry.old.name: entry.new.name for entry in found.entries if entry.old and entry.new}
    lost = {label.partition(":")[0] for label in old} - {label.partition(":")[0] for label in new}
    for label in old:
        name = label.partition(":")[0]
        if name not in lost:
            assert pairs[name] == name
    assert [entry.numbers[1] for entry in found.entries if entry.new] == list(range(len(found.graphs[1].nodes)))
    assert sorted(entry.numbers[0] for entry in found.entries if entry.old) == list(range(len(found.graphs[0].nodes)))  # type: ignore[type-var]


@given(edits())
@settings(max_examples=50)
def test_the_other_way_round_it_is_the_other_way_round(lists: tuple[list[str], list[str]]) -> None:
    there = between(" -> ".join(lists[0]), " -> ".join(lists[1]))
    back = between(" -> ".join(lists[1]), " -> ".join(lists[0]))
    assert there.equal == back.equal
    mirrored = {"added": "removed", "removed": "added"}
    for a, b in ((there, back), (back, there)):
        assert sum(e.kind == "added" for e in a.entries) == sum(mirrored.get(e.kind) == "added" for e in b.entries)


@pytest.mark.parametrize(
    ("old", "new"),
    [("vgg_d", "vgg_e"), ("resnet50", "resnet101"), ("googlenet", "googlenet_torchvision"), ("alexnet", "lenet")],
)
def test_the_entries_add_up_to_the_totals(old: str, new: str) -> None:
    found = of(old, new)
    for side, summary in ((0, found.old), (1, found.new)):
        rows = [row for entry in found.entries if (row := (entry.old, entry.new)[side]) is not None]
        assert sum(row.cost.params for row in rows) == summary.params
    both = len(found.keys.kept) + len(found.keys.reshaped)
    assert both + len(found.keys.dropped) == tensors(old)
    assert both + len(found.keys.added) == tensors(new)


def tensors(network: str) -> int:
    """How many the state_dict of the emitted module has."""
    import torch

    with torch.device("meta"):
        return len(netdsl.compile(FILE[network], network=network).module().state_dict())


# --------------------------------------------------------------------------------------------------------------- keys


NESTED = """
block unit(c) = add { a: conv(c, 3) -> bn1: batch_norm -> relu -> conv(c, 3) -> batch_norm; identity } -> relu
net nested { input x: 4x16x16; output y = x -> body: { unit(4) -> unit(4) } -> global_avg_pool -> head: linear(3) }
"""
FLAT = """
net flat {
  input image: 4x16x16
  a = image -> first: conv(4, 3) -> norm1: batch_norm -> relu -> second: conv(4, 3) -> norm2: batch_norm
  b = a + image -> relu
  c = b -> third: conv(4, 3) -> norm3: batch_norm -> relu -> fourth: conv(4, 3) -> norm4: batch_norm
  output y = c + b -> relu -> global_avg_pool -> fc: linear(3)
}
"""


def test_renamed_keys_carry_the_weights_over() -> None:
    import torch

    torch.manual_seed(3)
    nested, flat = netdsl.compile(NESTED), netdsl.compile(FLAT)
    found = nested.diff(flat)
    assert len(found.keys.kept) == len(nested.module().state_dict())
    assert found.keys.dropped == found.keys.added == ()
    old, new = nested.module(), flat.module()
    for tensor in old.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5)
    new.load_state_dict({found.keys.kept[key]: tensor for key, tensor in old.state_dict().items()}, strict=True)
    image = torch.randn(2, 4, 16, 16)
    assert torch.equal(old.eval()(image), new.eval()(image))


def test_reshaped_keys_have_both_shapes() -> None:
    found = between("flatten -> fc: linear(10)", "flatten -> fc: linear(7)")
    assert found.keys.reshaped["fc.weight"] == ("fc.weight", (10, 16384), (7, 16384))


def test_shared_modules_count_once() -> None:
    text = "net n {{ input x, z: [4]; shared {0} = linear(2); output y = (x -> {0}) + (z -> {0}) }}"
    found = Difference.of(graph(text.format("f")), graph(text.format("g")))
    assert found.keys.kept == {"f.weight": "g.weight", "f.bias": "g.bias"}


# -------------------------------------------------------------------------------------------------------------- texts


def test_json(golden) -> None:
    found = between("c: conv(8, 3) -> relu", "c: conv(8, 5) -> gelu -> dropout(0.5)")
    data = json.loads(found.to_json())
    assert list(data) == ["equal", "old", "new", "changes", "outputs", "state_dict"]
    assert [
        (c["kind"], c["old"] and c["old"]["operator"], c["new"] and c["new"]["operator"]) for c in data["changes"]
    ] == [
        ("changed", "conv(8, 3)", "conv(8, 5)"),
        ("changed", "relu", "gelu"),
        ("added", None, "dropout"),
    ]
    assert data["changes"][0]["attributes"] == {"kernel": [3, 5]}
    golden(GOLDEN / "small.json", found.to_json() + "\n")


@pytest.mark.parametrize(
    ("old", "new"),
    [("alexnet", "alexnet_single"), ("vgg_d", "vgg_e"), ("unet", "unet_flat"), ("googlenet", "googlenet_torchvision")],
)
def test_text(golden, old: str, new: str) -> None:
    golden(GOLDEN / f"{old}_{new}.txt", of(old, new).to_text(120) + "\n")


@pytest.mark.parametrize("width", [30, 60, 80, 120, 200])
def test_it_fits(width: int) -> None:
    text = of("googlenet", "googlenet_torchvision").to_text(width)
    assert max(columns_of(line) for line in text.splitlines()) == width


def test_colour_is_only_added() -> None:
    import re

    found = of("alexnet", "alexnet_single")
    colored = found.to_text(color=True)
    assert "\x1b[33m" in colored
    assert re.sub(r"\x1b\[\d+m", "", colored) == found.to_text()
