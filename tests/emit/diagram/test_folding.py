"""What becomes one: runs of the same thing, and nothing that differs."""

from __future__ import annotations

import netdsl
from netdsl.emit.diagram import diagram
from tests.emit.diagram.pictures import drawn, labels
from tests.examples.networks import compiled

UNIT = "block unit(c) = add { conv(c, 3) -> relu -> conv(c, 3); identity } -> relu\n"


def times(found):
    """How often each box runs, and each cluster."""
    return [box.times for box in found.boxes if box.times > 1] + [c.times for c in found.clusters if c.times > 1]


def test_repeats_become_one_with_their_number():
    text = UNIT + "net n { input x: 8x9x9; output y = x -> repeat 3 { unit(8) } }"
    assert times(drawn(text, fold=True, depth=1)) == [3]
    assert times(drawn(text, fold=True)) == [3]
    assert times(drawn(text)) == []
    (box,) = [box for box in drawn(text, fold=True, depth=1).boxes if box.closed]
    assert len(box.parts[0].nodes) == 15


def test_the_same_written_three_times_is_a_run_too():
    assert times(
        drawn(UNIT + "net n { input x: 8x9x9; output y = x -> unit(8) -> unit(8) -> unit(8) }", fold=True)
    ) == [3]


def test_what_differs_in_an_attribute_is_no_run():
    assert (
        times(drawn(UNIT + "net n { input x: 8x9x9; output y = x -> unit(8) -> conv(9, 1) -> unit(9) }", fold=True))
        == []
    )


def test_blocks_that_read_other_extents_are_a_run_that_says_so():
    text = "block dense = concat { identity; conv(4, 3) }\nnet n { input x: 8x9x9; output y = x -> repeat 3 { dense } }"
    found = drawn(text, fold=True, depth=1)
    (box,) = [box for box in found.boxes if box.closed]
    assert (box.times, box.note, box.shape) == (3, "reads 8..16×9×9", "20×9×9")
    inner = drawn(text, fold=True)
    assert [c.times for c in inner.clusters] == [3]
    assert [box.shape for box in inner.boxes][:2] == ["8×9×9", "4×9×9"]


def test_loose_layers_that_read_other_extents_are_no_run():
    found = drawn(
        "net n { input x: 3x9x9; output y = x -> conv(8, 3) -> relu -> conv(8, 3) -> relu -> conv(8, 3) -> relu }",
        fold=True,
    )
    assert labels(found) == [["x"], ["conv 3×3, 8", "relu"], ["conv 3×3, 8", "relu"], ["y"]]
    assert [box.times for box in found.boxes] == [1, 1, 2, 1]


def test_a_run_whose_middle_is_read_elsewhere_is_none():
    text = UNIT + "net n { input x: 8x9x9; a = x -> unit(8); b = a -> unit(8); c = b -> unit(8); output y = add(b, c) }"
    assert times(drawn(text, fold=True, depth=1)) == [2]  # the first two; the last two hand on something else


def test_an_output_of_a_middle_is_drawn():
    text = UNIT + "net n { input x: 8x9x9; output a = x -> unit(8); output b = a -> unit(8); output c = b -> unit(8) }"
    assert times(drawn(text, fold=True, depth=1)) == []


def test_one_module_used_again_and_again_is_a_run_of_shared_weights():
    text = "net n { input x: 8x9x9; shared u = conv(8, 3); output y = x -> u -> u -> u }"
    found = drawn(text, fold=True)
    (box,) = [box for box in found.boxes if box.times == 3]
    assert box.parts[0].shown == "u (shared)"


def test_every_turn_may_read_one_value_from_outside():
    text = "net n { input x: 8x9x9; input z: 8x9x9; output y = x -> repeat 3 { add { conv(8, 3); z } -> relu } }"
    found = drawn(text, fold=True)
    assert times(found) == [3]
    sources = [edge.source for edge in found.edges]
    assert sources.count("n1") == 1


def test_turns_wired_otherwise_are_no_run():
    text = "net n { input x: 8x9x9; a = x -> conv(8, 3) -> relu; b = x -> conv(8, 3) -> relu; output y = add(a, b) }"
    assert times(drawn(text, fold=True)) == []


def test_recursion_goes_no_deeper():
    graph = compiled("unet").graph
    found = diagram(graph, fold=True)
    assert sum("double" in part.name for box in found.boxes for part in box.parts if box.closed) == 9
    assert {c.call for c in found.clusters} == {"level(64, 4)", "level(128, 3)", "level(256, 2)", "level(512, 1)"}


def test_depth_closes_blocks_below_it():
    graph = compiled("resnet50").graph
    for depth in (1, 2, 3):
        found = diagram(graph, depth=depth)
        assert all(len(c.name.split(".")) < depth for c in found.clusters)
    assert [box.parts[0].label for box in diagram(graph, depth=1).boxes if box.closed] == [
        "stage(bottleneck, 64, 3, 1)",
        "stage(bottleneck, 128, 4)",
        "stage(bottleneck, 256, 6)",
        "stage(bottleneck, 512, 3)",
    ]


def test_resnet_152_folds_to_its_stages():
    found = diagram(compiled("resnet152").graph, fold=True)
    assert [box.times for box in found.boxes if box.closed] == [1, 2, 1, 7, 1, 35, 1, 2]


def test_a_layer_and_what_works_on_it_point_by_point_share_a_box():
    found = drawn("net n { input x: 8x9x9; output y = x -> conv(8, 3) -> batch_norm -> relu -> max_pool(2) -> relu }")
    assert labels(found) == [["x"], ["conv 3×3, 8", "batch_norm", "relu"], ["max_pool 2×2/2", "relu"], ["y"]]


def test_not_where_somebody_else_reads_the_value_between():
    text = "net n { input x: 8x9x9; a = x -> conv(8, 3); b = a -> relu; output y = add(a, b) }"
    assert labels(drawn(text)) == [["x"], ["conv 3×3, 8"], ["relu"], ["add"], ["y"]]
    text = "net n { input x: 8x9x9; output a = x -> conv(8, 3); output y = a -> relu }"
    assert labels(drawn(text)) == [["x"], ["conv 3×3, 8"], ["relu"], ["a"], ["y"]]


def test_three_thousand_nodes_are_drawn_as_an_overview():
    lines = "\n".join(f"y{i + 1} = y{i} -> conv({8 + i * i % 29}, 3)" for i in range(3000))
    network = netdsl.compile(f"net n {{ input y0: 8x8x8\n{lines}\noutput z = y3000 }}")
    found = diagram(network.graph)
    assert len(found.boxes) < 200
    assert sum(len(part.nodes) for box in found.boxes for part in box.parts) == 3001
    assert found.notes == ("3,001 nodes: no more than 2,000 boxes are drawn, so this is folded",)
    assert "2,921 nodes" in network.draw(format="svg").decode()
