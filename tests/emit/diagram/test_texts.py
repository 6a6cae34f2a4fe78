"""The texts of diagrams, word for word, and that no text of a user's is anything but text in them."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pygraphviz
import pypdfium2
import pytest

from netdsl.emit.diagram import Diagram, diagram, emit_diagram
from tests.emit.diagram.pictures import drawn
from tests.examples.networks import ROOT, compiled

ELEMENTS = {"svg", "title", "style", "rect", "g", "text", "path", "polygon"}
GOLDEN = ROOT / "tests" / "golden" / "diagrams"
NETWORKS: dict[str, dict[str, Any]] = {
    "lenet": {},
    "resnet50": {"fold": True},
    "googlenet": {"depth": 1},
    "inception_reduced": {},
    "unet": {"fold": True},
    "densenet121": {"fold": True},
}
HOSTILE = {
    "bold": "<b>x</b>",
    "script": "</svg><script>alert(1)</script>",
    "backslash": "trailing\\",
    "port": "a:b",
    "name": "\\N",
    "quotes": '"]; evil [label="\'`',
    "entity": "&lt; &amp; ]]> -->",
    "long": "x" * 10_240,
    "control": "bell\x07 escape\x1b[31m bidi\u202e nul\x00",
    "mermaid": "#quot; --> b |end| %% ;",
}
TEXT = "net n { input x: 8x8x8; output y = x -> unit: { conv(8, 3) -> max_pool(2) } }"


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("format", ["dot", "json", "txt", "mmd"])
def test_the_text_of_a_diagram(network, format, golden):
    found = diagram(compiled(network).graph, **NETWORKS[network])
    golden(GOLDEN / f"{network}.{format}", emit_diagram(found, format).decode())


def spoilt(text: str) -> Diagram:
    """A diagram that says `text` wherever it says anything of a user's."""
    found = drawn(TEXT)

    def part(each):
        return replace(each, label=text, name=text, shown=text, place=text)

    return replace(
        found,
        name=text,
        title=text,
        boxes=tuple(replace(b, parts=tuple(map(part, b.parts)), note=text, shape=text) for b in found.boxes),
        clusters=tuple(replace(c, name=text, shown=text, call=text, place=text) for c in found.clusters),
        edges=tuple(edge._replace(shape=text) for edge in found.edges),
        notes=(text,),
    )


def shown(text: str) -> str:
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_text_in_svg(name):
    svg = emit_diagram(spoilt(HOSTILE[name]), "svg", source=HOSTILE[name])
    root = ElementTree.fromstring(svg)
    assert {e.tag.partition("}")[2] for e in root.iter()} <= ELEMENTS
    texts = {e.text for e in root.iter() if e.tag.endswith("}text")}
    assert shown(HOSTILE[name]) in texts
    attributes = {key for e in root.iter() for key in e.attrib}
    assert not {key for key in attributes if key.startswith("on") or key.endswith("href") or key == "style"}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_a_label_in_dot(name):
    found = spoilt(HOSTILE[name])
    text = emit_diagram(found, "dot").decode()
    graph = pygraphviz.AGraph(string=text.replace("\x00", "?"))
    assert sorted(map(str, graph.nodes())) == sorted(box.id for box in found.boxes)
    assert len(graph.edges()) == len(found.edges)
    assert "label=<" not in text
    for quoted in re.findall(r'label="((?:[^"\\]|\\.)*)"', text):
        assert re.fullmatch(r'(?:[^"\\]|\\\\|\\"|\\n)*', quoted), quoted


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_a_label_in_mermaid(name):
    for line in emit_diagram(spoilt(HOSTILE[name]), "mmd").decode().splitlines()[2:]:
        for label in re.findall(r'"([^"]*)"', line):
            assert re.fullmatch(r"(?:[\w .,+/_\-=()×…]|#\d+;|<br/>)*", label)
        bare = re.sub(r'"[^"]*"', '""', line)
        assert bare.count('"') % 2 == 0
        assert re.fullmatch(r'[\w\s\[\]()|".,:#>-]*', bare), bare


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_text_in_json_and_pdf(name):
    found = spoilt(HOSTILE[name])
    assert json.loads(emit_diagram(found, "json"))["title"] == HOSTILE[name]
    document = pypdfium2.PdfDocument(emit_diagram(found, "pdf"))
    assert len(document) == 1
    read = document[0].get_textpage().get_text_range()
    document.close()
    if name in ("script", "quotes", "backslash"):
        assert HOSTILE[name][:9] in read


def test_text_of_attributes_reaches_labels_in_one_line_without_control():
    text = 'net n { input x: 8x8x8; output y = x -> conv(8, 3, mode = "circular") }'
    assert "conv 3×3, 8, mode circular" in emit_diagram(drawn(text), "txt").decode()


def test_places_need_no_program_called_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    before = emit_diagram(drawn(TEXT), "svg")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("dot") is None
    assert emit_diagram(drawn(TEXT), "svg") == before
