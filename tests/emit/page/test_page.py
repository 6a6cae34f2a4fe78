"""The page: what it holds, that it is whole, and that nothing of a text is ever markup or code in it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import netdsl
from netdsl.emit.page import page
from netdsl.graph import leaves
from tests.emit.page.pages import EXAMPLES, network_of

NETWORKS = [("lenet", None), ("googlenet", None), ("unet", None), ("siamese", None), ("cardiac", "seg_motion")]


@pytest.mark.parametrize(("name", "network"), NETWORKS)
def test_every_node_edge_and_output_is_on_the_page_once(name: str, network: str | None) -> None:
    graph = netdsl.compile(EXAMPLES / f"{name}.net", network).graph
    data = network_of(page(graph, {}))
    nodes = [item["name"] for item in data["items"] if not item.get("block")]
    assert sorted(nodes) == sorted([n.name for n in graph.nodes] + [o.name for o in graph.outputs])
    values = sum(len(leaves(output.value)) for output in graph.outputs)
    assert len(data["edges"]) == sum(len(node.operands) for node in graph.nodes) + values
    for edge in data["edges"]:
        assert not data["items"][edge["source"]].get("block")
        assert not data["items"][edge["target"]].get("block")


def test_an_item_stands_in_the_block_that_its_path_begins_with() -> None:
    data = network_of(page(netdsl.compile(EXAMPLES / "googlenet.net").graph, {}))
    inside = 0
    for item in data["items"]:
        if item["parent"] is not None:
            inside += 1
            assert item["name"].startswith(data["items"][item["parent"]]["name"] + ".")
    assert inside > 100


def test_facts_stand_beside_shape_and_place() -> None:
    graph = netdsl.compile("net n { input x: 3x8x8; output y = x -> conv(4, 3) }").graph
    data = network_of(page(graph, {"conv": [("parameters", "112")], "": [("MACs", "1")]}))
    (conv,) = [item for item in data["items"] if item["name"] == "conv"]
    assert conv["facts"] == [["parameters", "112"], ["text", "<text>:1"]]
    assert (conv["line"], conv["kind"]) == (1, "weighted")
    assert data["network"]["facts"] == [["MACs", "1"]]


def test_blocks_are_closed_where_there_would_be_too_many_boxes() -> None:
    data = network_of(page(netdsl.compile(EXAMPLES / "resnet.net", "resnet50").graph, {}))
    blocks = [item for item in data["items"] if item.get("block")]
    assert any(block["closed"] for block in blocks)
    assert not all(block["closed"] for block in blocks)


def test_a_broken_network_is_shown_as_far_as_it_got_with_what_broke() -> None:
    with pytest.raises(netdsl.NetdslError) as error:
        netdsl.compile("net n { input x: 3x8x8; y = x -> conv(4, 3); output z = add(x, y) -> relu }")
    partial = error.value.partial
    assert partial is not None
    data = network_of(page(partial, {}))
    (bad,) = [item for item in data["items"] if item.get("error")]
    assert (bad["name"], bad["error"][:4]) == ("add", "N407")
    ends = [(data["items"][e["source"]]["name"], e["slot"]) for e in data["edges"] if e.get("error")]
    assert ends == [("x", 0), ("conv", 1)]


def test_draw_writes_a_page_with_figures(tmp_path: Path) -> None:
    netdsl.compile(EXAMPLES / "lenet.net").draw(tmp_path / "lenet.html")
    data = network_of((tmp_path / "lenet.html").read_text(encoding="utf-8"))
    assert ["parameters", "61,706"] in data["network"]["facts"]
    (first, *_) = [item for item in data["items"] if item.get("kind") == "weighted"]
    assert {"shape", "parameters", "MACs", "receptive field", "text"} <= {key for key, _ in first["facts"]}
    netdsl.compile(EXAMPLES / "lenet.net").draw(tmp_path / "lenet.html")  # its own file may be overwritten
    with pytest.raises(ValueError, match="takes no"):
        netdsl.compile(EXAMPLES / "lenet.net").draw(tmp_path / "lenet.html", direction="LR")


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


HOSTILE = """## </script><script>alert(1)</script> <!-- ${x} {network}
net hostile {
  input x: 3x8x8  # </script><img src=x onerror=alert(1)>
  output y = x -> conv(4, 3) -> relu  # \\u003c/script> {script} <!--
}
"""


def test_a_text_is_never_markup_on_the_page() -> None:
    graph = netdsl.compile(HOSTILE).graph
    text = page(graph, {"conv": [("<b>", "</script><script>alert(2)</script>")]})
    tags = _Tags()
    tags.feed(text)
    assert [tag for tag, _ in tags.found].count("script") == 2
    assert not [tag for tag, _ in tags.found if tag in ("img", "b", "iframe", "link", "object")]
    assert network_of(text)["source"] == HOSTILE.split("\n")


def test_the_page_names_its_style_and_script_by_their_hashes_and_allows_nothing_else() -> None:
    text = page(netdsl.compile(EXAMPLES / "lenet.net").graph, {})
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    assert style is not None
    assert script is not None
    hashes = [base64.b64encode(hashlib.sha256(m[1].encode()).digest()).decode() for m in (style, script)]
    assert policy[1] == f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'"
    assert "http:" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https:" not in text


def test_the_page_of_googlenet_is_small() -> None:
    assert len(page(netdsl.compile(EXAMPLES / "googlenet.net").graph, {}).encode()) < 300_000


def test_the_page_is_the_same_every_time() -> None:
    graph = netdsl.compile(EXAMPLES / "googlenet.net").graph
    assert page(graph, {}) == page(graph, {})
    assert json.dumps(network_of(page(graph, {})))
