"""Which network is meant, what is done to its parameters, and how large it may be."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from netdsl.diagnostics import Diagnostic, NetdslError
from netdsl.scope import Apply, Join, Region, Step
from netdsl.syntax.elaborate import choose, elaborate, load, networks
from netdsl.syntax.read import from_text, read_source
from tests.elaborate.texts import codes, graph

TWO = "net a { input x: [3]; output y = x -> relu }\nnet b { input x: [3]; output y = x -> tanh }\n"


def failure(text: str, network: str | None = None) -> Diagnostic:
    with pytest.raises(NetdslError) as error:
        choose(load(from_text("<text>", text), None), network)
    (found,) = error.value.diagnostics
    return found


def test_a_network_is_chosen_by_name() -> None:
    assert graph(TWO, "b").name == "b"


def test_without_a_name_the_only_one_is_taken() -> None:
    assert graph(TWO.splitlines()[0]).name == "a"


def test_without_a_name_the_one_named_like_the_file_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "b.net"
    path.write_text(TWO)
    assert graph(path).name == "b"


def test_a_net_that_needs_arguments_does_not_count() -> None:
    text = "net base(act) { input x: [3]; output y = x -> act }\nnet one = base(relu)\n"
    assert graph(text).name == "one"
    assert networks(load(from_text("<text>", text), None)) == ["base", "one"]


def test_several_and_no_name_lists_them() -> None:
    found = failure(TWO)
    assert found.code == "N210"
    assert found.notes == ("they are `a`, `b`",)


def test_an_unknown_name_gets_a_suggestion() -> None:
    text = TWO.replace("net b", "net bottleneck50")
    assert failure(text, "botleneck50").help == "did you mean `bottleneck50`?"


@pytest.mark.parametrize("text", ["", "\n# nothing\n", "block b = relu\n"])
def test_a_text_without_a_network_says_so(text: str) -> None:
    assert "defines no network" in failure(text).message


def test_the_graph_is_kept_as_far_as_it_got() -> None:
    program = load(
        from_text("<text>", "net n { input x: 3x8x8; output y = x -> conv(8, 3) -> relu -> linear(3) }"), None
    )
    with pytest.raises(NetdslError) as error:
        elaborate(program, None, {}, {})
    partial = error.value.partial
    assert partial is not None
    assert [node.name for node in partial.nodes] == ["x", "conv", "relu"]


def test_elaborating_twice_gives_the_same() -> None:
    text = "block u(c) = conv(c, 3) -> relu\nnet n { input x: 3x8x8; output y = x -> repeat 3 { u(4) } }"
    program = load(from_text("<text>", text), None)
    first, second = (elaborate(program, None, {}, {}).graph for _ in range(2))
    assert [(n.name, n.op, n.operands, n.shapes, n.owner) for n in first.nodes] == [
        (n.name, n.op, n.operands, n.shapes, n.owner) for n in second.nodes
    ]


def test_expectations_hold_for_the_network_as_it_is_written() -> None:
    text = "net n(c = 8) { input x: 3x8x8; output y = x -> conv(c, 1); expect params == 32 }"
    assert codes(text) == []
    assert graph(text, c=4).shape(graph(text, c=4).outputs[0].value) == (4, 8, 8)


# -------------------------------------------------------------------------------------------------------- limits


def nets(stages: str, before: str = "") -> str:
    return f"{before}\nnet n {{ input x: 3x8x8; output y = x -> {stages} }}\n"


LEVELS = "block l1 = repeat 10 { relu }\n" + "".join(f"block l{i} = repeat 10 {{ l{i - 1} }}\n" for i in range(2, 11))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (nets("repeat 1000000000 { relu }"), "N610"),
        (nets("repeat 1000000000 * 2 { relu }"), "N610"),
        (nets("l10", LEVELS), "N612"),
        (nets("repeat 200 { repeat 200 { relu } }"), "N612"),
        (nets("a", "block a = b\nblock b = a"), "N611"),
        (nets("a(relu)", "block a(f) = a(f -> f) -> f"), "N611"),
        (nets("for i in range(1000000000) { conv(i, 3) }"), "N610"),
        (nets("for i in [j for j in range(1000000000)] { conv(i, 3) }"), "N614"),
        (nets("conv(10 ** 30, 3)"), "N614"),
        (nets("conv(2 ** (2 ** 40), 3)"), "N614"),
    ],
)
def test_what_is_too_much_is_refused_before_it_is_done(text: str, code: str) -> None:
    start = time.process_time()
    assert codes(text) == [code]
    assert time.process_time() - start < 1


def test_a_quadratic_text_stops_at_the_limit() -> None:
    start = time.process_time()
    text = nets("m(4)", "block m(n) = if n > 0 { repeat 20 { m(n - 1) } } else { relu }")
    assert codes(text) == ["N612"]
    assert time.process_time() - start < 20


def test_blocks_may_be_32_deep() -> None:
    block = "block down(n) = relu -> if n > 1 { down(n - 1) }"
    assert codes(nets("down(32)", block)) == []
    assert codes(nets("down(33)", block)) == ["N611"]


def test_sizes_are_read_from_files_as_well(tmp_path: Path) -> None:
    path = tmp_path / "n.net"
    path.write_text(nets("relu"))
    assert networks(load(read_source(path), tmp_path)) == ["n"]


def test_a_variant_hands_its_own_parameters_on() -> None:
    text = """
net base(width, classes = 10) { input x: [4]; output y = x -> linear(width) -> linear(classes) }
net wide(classes = 7, width = 3) = base(2 * width, classes = classes)
"""
    g = graph(text, "wide")
    assert [(p.name, p.value) for p in g.parameters] == [("classes", 7)]
    assert [n.shape for n in g.nodes] == [(4,), (6,), (7,)]
    assert graph(text, "wide", classes=5, width=4).nodes[1].shape == (8,)


def test_what_could_not_be_applied_is_kept_apart() -> None:
    program = load(from_text("<text>", "net n { input x: 3x8x8; output y = x -> relu -> linear(3) }"), None)
    with pytest.raises(NetdslError) as error:
        elaborate(program, None, {}, {})
    partial = error.value.partial
    assert partial is not None
    (broken,) = partial.broken
    assert (broken.node.name, broken.node.operands) == ("linear", ((1, 0),))
    assert broken.diagnostic is error.value.diagnostics[0]


BROKEN = """
block unit(width, stride = 1) = add {
  conv(width, 3, stride = stride) -> relu -> conv(width, 3)
  identity
} -> relu
net n {
  input x: 16x32x32
  output y = x -> repeat 2 { unit(16) } -> last: { relu -> unit(32, stride = 2) } -> tanh
}
"""


def test_the_trace_of_a_broken_network_holds_every_node_that_there_is() -> None:
    with pytest.raises(NetdslError) as error:
        elaborate(load(from_text("<text>", BROKEN), None), None, {}, {})
    partial = error.value.partial
    assert partial is not None

    def numbers(steps: list[Step]) -> list[int]:
        found = []
        for step in steps:
            if isinstance(step, Apply):
                found.append(step.node)
            regions = [getattr(step, "region", None), *getattr(step, "iterations", ()), getattr(step, "entry", None)]
            found += [number for region in regions if isinstance(region, Region) for number in numbers(region.steps)]
            found += [step.apply.node] if isinstance(step, Join) else []
        return found

    assert numbers(partial.root.steps) == [node.number for node in partial.nodes if node.op is not None]
    assert [node.name for node in partial.nodes][-3:] == ["last.1.conv1", "last.1.relu1", "last.1.conv2"]
    (broken,) = partial.broken
    assert broken.node.name == "last.1.add"
    assert broken.node.operands == ((len(partial.nodes) - 1, 0), (len(partial.nodes) - 4, 0))
    assert broken.diagnostic.code == "N407"
    assert partial.outputs == ()
