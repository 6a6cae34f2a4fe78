"""A U is a U by its graph: names do not matter, and other networks with skips are none."""

from __future__ import annotations

import re

import pytest

import netdsl
from netdsl.emit.diagram import diagram, place
from netdsl.emit.diagram.u_shape import u_shape
from tests.emit.diagram.pictures import faults
from tests.examples.gallery import FAMILY_MAIN
from tests.examples.networks import EXAMPLES, compiled

US = {"unet", "unet_flat", "unet_lecture", "unet_upsampled", "fcn8s"}

SMALL = """
net thing(widths = [4, 8, 16]) {
  input x: 3x32x32
  a = x -> conv(widths[0], 3) -> relu
  b = a -> conv(widths[1], 3, stride = 2) -> relu
  c = b -> conv(widths[2], 3, stride = 2) -> relu
  d = add { c -> upsample(2) -> conv(widths[1], 3); b } -> relu
  output y = add { d -> upsample(2) -> conv(widths[0], 3); a } -> conv(2, 1)
}
"""


@pytest.mark.parametrize("network", sorted({*FAMILY_MAIN.values(), *US}))
def test_of_the_examples_the_u_nets_are_u(network):
    found = u_shape(diagram(compiled(network).graph, fold=True)) is not None
    assert found == (network in US)


@pytest.mark.parametrize("fold", [True, False])
def test_names_do_not_matter(fold):
    text = (EXAMPLES / "unet.net").read_text(encoding="utf-8")
    for name, other in (("unet", "resnet"), ("level", "stage"), ("double", "unit"), ("up", "side")):
        text = re.sub(rf"\b{name}\b", other, text)
    assert u_shape(diagram(netdsl.compile(text).graph, fold=fold)) is not None


def test_a_small_u_with_sums_is_one_and_without_skips_it_is_none():
    assert u_shape(diagram(netdsl.compile(SMALL).graph)) is not None
    plain = SMALL.replace("add { c -> upsample(2) -> conv(widths[1], 3); b }", "c -> upsample(2) -> conv(8, 3)")
    plain = plain.replace("add { d -> upsample(2) -> conv(widths[0], 3); a }", "d -> upsample(2) -> conv(4, 3)")
    assert u_shape(diagram(netdsl.compile(plain).graph)) is None


def test_a_skip_from_one_size_to_another_makes_no_u():
    crossed = SMALL.replace("; b }", "; a -> max_pool(2) -> conv(widths[1], 1) }")
    assert u_shape(diagram(netdsl.compile(crossed).graph)) is None


@pytest.mark.parametrize("network", sorted(US))
@pytest.mark.parametrize("fold", [True, False])
def test_the_arms_go_down_and_up_and_skips_across(network, fold):
    drawing = place(diagram(compiled(network).graph, fold=fold))
    u = u_shape(drawing.diagram)
    assert u is not None
    down, up = [drawing.boxes[b] for b in u.left], [drawing.boxes[b] for b in u.right]
    assert [r.y for r in down] == sorted(r.y for r in down)
    assert [r.y for r in up] == sorted((r.y for r in up), reverse=True)
    assert max(r.right for r in down) < min(r.x for r in up)
    assert all(drawing.boxes[b].y > max(r.y for r in down) for b in u.bottom)
    for edge in drawing.diagram.edges:
        if edge.source in u.left and (edge.target in u.right or edge.target in u.across):
            source, target = drawing.boxes[edge.source], drawing.boxes[edge.target]
            assert source.y + source.height / 2 == pytest.approx(target.y + target.height / 2, abs=1)
    assert list(faults(drawing)) == []
