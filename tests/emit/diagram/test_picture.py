"""Pictures hold together: everything is drawn once, nothing overlaps, lines lead where edges do."""

from __future__ import annotations

import io
import itertools
import re
from collections import Counter
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pypdfium2
import pytest
from PIL import Image

from netdsl.emit.diagram import diagram, emit_drawing, place
from netdsl.emit.diagram.drawing import Drawing, Line
from netdsl.emit.diagram.writing import strips
from tests.emit.diagram.pictures import faults, inside, picture
from tests.examples.gallery import FAMILY_MAIN
from tests.examples.networks import compiled

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "title", "style", "rect", "g", "text", "path", "polygon"}
OPTIONS: tuple[dict[str, Any], ...] = ({}, {"fold": True}, {"depth": 1}, {"depth": 2})
NETWORKS = (
    "googlenet",
    "resnet50",
    "densenet121",
    "unet",
    "unet_lecture",
    "siamese",
    "multitask",
    "capsnet",
)

TWO_BRANCHES = "net n { input x: 8x8x8; output y = x -> add { conv(8, 3) -> relu -> conv(8, 3); identity } -> relu }"


def drawings(network: str) -> list[Drawing]:
    return [place(diagram(compiled(network).graph, **options)) for options in OPTIONS]


@pytest.mark.parametrize("network", NETWORKS)
def test_every_node_is_in_one_place_whatever_is_folded(network):
    graph = compiled(network).graph
    for options in OPTIONS:
        found = diagram(graph, **options)
        counts = Counter(number for box in found.boxes for part in box.parts for number in part.nodes)
        assert counts == Counter(range(len(graph.nodes)))


@pytest.mark.parametrize("network", NETWORKS)
def test_lines_lead_from_the_source_of_every_edge_to_its_target(network):
    for drawing in drawings(network):
        reached = Counter(number for line in drawing.lines for number in line.edges if line.arrow)
        assert set(reached) == set(range(len(drawing.diagram.edges)))
        for number, edge in enumerate(drawing.diagram.edges):
            lines = [line for line in drawing.lines if number in line.edges]
            source, target = drawing.boxes[edge.source], drawing.boxes[edge.target]
            assert any(_touches(line.points[0], source, 22) for line in lines), edge
            assert any(_touches(line.points[-1], target, 1) for line in lines), edge


def _touches(point, rect, by):
    return inside(rect, point, -by)


@pytest.mark.parametrize("network", FAMILY_MAIN.values())
def test_in_the_gallery_nothing_overlaps_and_no_line_runs_through_a_box_or_a_shape(network):
    assert list(faults(place(diagram(compiled(network).graph, fold=True)))) == []


@pytest.mark.parametrize("network", ["googlenet", "resnet18", "unet", "densenet121"])
def test_whole_networks_are_drawn_as_neatly(network):
    assert list(faults(place(diagram(compiled(network).graph)))) == []


def test_faults_are_found():
    drawing = picture(TWO_BRANCHES)
    box, other = list(drawing.boxes)[:2]
    drawing.boxes[box] = drawing.boxes[other].moved(3, 3)
    found = list(faults(drawing))
    assert any("overlaps" in fault for fault in found)
    drawing = picture(TWO_BRANCHES)
    drawing.boxes["o0"] = drawing.boxes["o0"].moved(9999, 0)
    assert "o0 is not all on the page" in list(faults(drawing))
    drawing = picture(TWO_BRANCHES)
    rect = drawing.boxes["n1"]
    level = rect.y + 9
    through = Line(tuple((x, level) for x in (rect.x - 5, rect.x, rect.right, rect.right + 5)), (3,))
    assert "n1" not in drawing.diagram.edges[3]
    assert any("runs through n1" in fault for fault in faults(replace(drawing, lines=(through,))))


@pytest.mark.parametrize("network", NETWORKS)
def test_text_fits_into_its_box(network):
    for drawing in drawings(network):
        for box in drawing.diagram.boxes:
            for strip, texts in strips(box, drawing.boxes[box.id]):
                spans = sorted(
                    (text.x - text.width * {"start": 0, "middle": 0.5, "end": 1}[text.anchor], text.width, text.y)
                    for text in texts
                )
                for x, width, y in spans:
                    assert strip.x <= x, box
                    assert x + width <= strip.right + 0.5, box
                    assert strip.y < y < strip.bottom
                for (x, width, y), (after, _, level) in itertools.pairwise(spans):
                    assert y != level or x + width < after, box


@pytest.mark.parametrize("network", ["googlenet", "resnet50", "unet"])
@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_the_svg_is_xml_with_each_node_and_edge_once(network, theme):
    found = diagram(compiled(network).graph)
    root = ElementTree.fromstring(emit_drawing(place(found), "svg", theme))
    nodes = [e.attrib["data-node"] for e in root.iter(f"{SVG}g") if "node" in e.get("class", "").split()]
    assert sorted(nodes) == sorted(part.name for box in found.boxes for part in box.parts)
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    edges = {int(n) for e in root.iter(f"{SVG}g") for n in (e.get("data-edge") or "").split()}
    assert edges == set(range(len(found.edges)))
    assert {e.tag for e in root.iter()} <= {
        f"{SVG}{t}" for t in ("svg", "title", "style", "rect", "g", "text", "path", "polygon")
    }
    style = str(root.findtext(f"{SVG}style"))
    assert ("prefers-color-scheme" in style) == (theme == "auto")


@pytest.mark.parametrize("network", ["googlenet", "inception_v3", "googlenet_torchvision"])
@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_branches_stand_in_the_order_of_the_text(network, direction):
    drawing = place(diagram(compiled(network).graph, depth=2), direction)
    rows = 0
    for branches, _ in drawing.diagram.branches():
        heads = [branch[0] for branch in branches if branch and branch[0] in drawing.boxes]
        at = [drawing.boxes[head].x if direction == "TB" else drawing.boxes[head].y for head in heads]
        assert at == sorted(at)
        rows += len(heads) > 2
    assert rows >= 7


def test_left_to_right_is_wide_and_top_to_bottom_high():
    assert (down := picture(TWO_BRANCHES)).height > down.width
    assert (aside := picture(TWO_BRANCHES, "LR")).height < aside.width


@pytest.mark.parametrize("network", ["resnet152", "densenet201"])
def test_large_networks_folded_fit_a_page(network):
    drawing = place(diagram(compiled(network).graph, fold=True))
    assert drawing.height < 1800
    assert drawing.width < 800


def test_the_same_bytes_every_time():
    graph = compiled("googlenet").graph
    first = [emit_drawing(place(diagram(graph)), format) for format in ("svg", "pdf", "png")]
    assert [emit_drawing(place(diagram(graph)), format) for format in ("svg", "pdf", "png")] == first


def test_pdf_holds_the_labels_and_png_is_as_large_as_the_picture():
    drawing = picture(TWO_BRANCHES)
    document = pypdfium2.PdfDocument(emit_drawing(drawing, "pdf"))
    text = document[0].get_textpage().get_text_range()
    assert re.search(r"conv 3×3, 8\s+conv1\s+relu", text)
    document.close()
    png = emit_drawing(drawing, "png")
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    image = Image.open(io.BytesIO(png))
    svg = ElementTree.fromstring(emit_drawing(drawing, "svg"))
    assert image.size == pytest.approx([2 * float(svg.attrib[side]) for side in ("width", "height")], abs=1.5)
    assert len(image.getcolors(1 << 20) or ()) > 8
