"""The page in headless Chromium: what is drawn, and what mouse and keyboard do. Skips where there is no Chromium.

It needs `pip install -e '.[browser]'` and Debian's `chromium`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import netdsl
from netdsl.emit.page import page
from tests.emit.page.pages import EXAMPLES

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Shown:
    """A network's page, open; `problems` are what it complained of and what it tried to fetch."""

    def __init__(self, browser: Any, path: Path, source: str | Path, network: str | None = None) -> None:
        compiled = netdsl.compile(source, network)
        path.write_text(page(compiled.graph, {"conv1": [("parameters", "9,408")]}), encoding="utf-8")
        self.problems: list[str] = []
        self.page = browser.new_page(viewport={"width": 1400, "height": 900})
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", lambda message: self.problems.append(message.text))
        self.page.on(
            "request", lambda request: self.problems.append(request.url) if request.url[:5] != "file:" else None
        )
        self.page.goto(path.as_uri())

    def boxes(self) -> dict[str, Any]:
        """Item -> its place on the canvas, open blocks apart."""
        found: dict[str, Any] = self.page.evaluate(
            "Object.fromEntries([...placed].filter(([id]) => !isOpen(id)).map(([id, p]) => [items[id].name, p]))"
        )
        return found

    def frames(self) -> list[str]:
        names: list[str] = self.page.evaluate("[...placed.keys()].filter(isOpen).map((id) => items[id].name)")
        return names

    def selected(self) -> str | None:
        name: str | None = self.page.evaluate("selected === null ? null : items[selected].name")
        return name


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Any]:
    opened: list[Shown] = []

    def open_(source: str | Path, network: str | None = None) -> Shown:
        opened.append(Shown(browser, tmp_path / f"{len(opened)}.html", source, network))
        return opened[-1]

    yield open_
    for shown in opened:
        assert shown.problems == []
        shown.page.close()


def overlapping(places: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    items = list(places.items())
    for i, (a, p) in enumerate(items):
        for b, q in items[:i]:
            apart = (
                p["x"] + p["width"] <= q["x"] + 0.01
                or q["x"] + q["width"] <= p["x"] + 0.01
                or p["y"] + p["height"] <= q["y"] + 0.01
                or q["y"] + q["height"] <= p["y"] + 0.01
            )
            if not apart:
                found.append((a, b))
    return found


# A wire must not run through a box that it neither leaves nor enters: sampled along each path.
THROUGH = """() => {
  const hits = [];
  const solid = [...placed].filter(([id]) => !isOpen(id));
  for (const path of document.querySelectorAll(".wire")) {
    const length = path.getTotalLength();
    for (let at = 3; at < length - 9; at += 4) {
      const p = path.getPointAtLength(at);
      for (const [id, b] of solid) {
        if (p.x > b.x + 1 && p.x < b.x + b.width - 1 && p.y > b.y + 1 && p.y < b.y + b.height - 1) {
          hits.push(`${path.dataset.value} through ${items[id].name}`);
        }
      }
    }
  }
  return [...new Set(hits)];
}"""
NETWORKS = [
    ("googlenet", None),
    ("resnet", "resnet18"),
    ("densenet", "densenet121"),
    ("unet_flat", None),
    ("unet", None),
    ("inception_v3", None),
    ("fcn", "fcn8s"),
    ("siamese", None),
    ("cardiac", "seg_motion"),
    ("shufflenet_v2", "shufflenet_v2_x1_0"),
]


@pytest.mark.parametrize(("name", "network"), NETWORKS)
def test_boxes_stand_apart_and_wires_go_around_them(show: Any, name: str, network: str | None) -> None:
    shown = show(EXAMPLES / f"{name}.net", network)
    for key in ("0", "]", "["):
        shown.page.keyboard.press(key)
        assert overlapping(shown.boxes()) == []
        assert shown.page.evaluate(THROUGH) == []


def test_values_flow_downwards_only(show: Any) -> None:
    shown = show(EXAMPLES / "googlenet.net")
    shown.page.keyboard.press("]")
    upward = shown.page.evaluate(
        "edges.filter((e) => placed.get(e.source).y + placed.get(e.source).height > placed.get(e.target).y).length"
    )
    assert upward == 0


def test_branches_stand_in_the_order_of_the_text(show: Any) -> None:
    shown = show(EXAMPLES / "googlenet.net")
    shown.page.keyboard.press("]")
    boxes = shown.boxes()
    heads = [f"inception3a.{name}" for name in ("conv_relu1.0", "conv_relu2.0", "conv_relu4.0", "max_pool")]
    middles = [boxes[name]["x"] + boxes[name]["width"] / 2 for name in heads]
    assert middles == sorted(middles)


def test_enter_and_double_click_open_and_close_a_block(show: Any) -> None:
    shown = show(EXAMPLES / "googlenet.net")
    shown.page.keyboard.press("[")
    assert shown.frames() == []
    shown.page.locator('[aria-label^="inception3a "]').dblclick()
    assert shown.frames() == ["inception3a"]
    assert shown.selected() == "inception3a"
    shown.page.keyboard.press("Enter")
    assert shown.frames() == []
    shown.page.keyboard.press("Enter")
    assert shown.frames() == ["inception3a"]
    shown.page.get_by_role("button", name="open all").click()
    assert len(shown.frames()) > 50


def test_a_click_tells_of_a_node_and_lights_its_line(show: Any) -> None:
    text = (EXAMPLES / "lenet.net").read_text(encoding="utf-8")
    shown = show(EXAMPLES / "lenet.net")
    label = shown.page.evaluate("items.find((i) => i.kind === 'weighted').label")
    shown.page.locator(f'[aria-label^="{label}"]').first.click()
    assert shown.page.locator("#what").inner_text() == label
    assert "lenet.net:" in shown.page.locator("#facts").inner_text()
    line = shown.page.evaluate("items[selected].line")
    lit = shown.page.locator("#source .lit")
    assert lit.inner_text() == text.split("\n")[line - 1]
    shown.page.keyboard.press("Escape")
    assert shown.selected() is None
    assert lit.count() == 0


def test_a_click_on_a_line_selects_what_it_made(show: Any) -> None:
    shown = show("net n {\n  input x: 3x8x8\n  y = x -> conv(4, 3)\n  output z = y -> relu\n}\n")
    shown.page.locator("#source div").nth(2).click()
    assert shown.selected() == "conv"
    shown.page.locator("#source div").nth(3).click()
    assert shown.selected() in ("relu", "z")


def test_search_finds_what_is_inside_closed_blocks(show: Any) -> None:
    shown = show(EXAMPLES / "googlenet.net")
    shown.page.keyboard.press("[")
    shown.page.keyboard.press("/")
    shown.page.keyboard.type("inception5b.conv_relu6.0")
    assert shown.page.locator("#found").inner_text() == "1 found"
    assert shown.selected() == "inception5b.conv_relu6.0"
    assert shown.page.locator(".selected .label").count() == 1
    assert shown.frames() == ["inception5b", "inception5b.conv_relu6"]


def test_arrows_walk_along_the_network(show: Any) -> None:
    shown = show("net n { input x: 3x8x8; output y = x -> a: conv(4, 3) -> b: conv(4, 3) -> c: conv(4, 3) }")
    walked = []
    for key in ["ArrowDown"] * 3 + ["ArrowUp"]:
        shown.page.keyboard.press(key)
        walked.append(shown.selected())
    assert walked == ["x", "a", "b", "a"]


def test_zoom_keeps_what_is_under_the_pointer(show: Any) -> None:
    shown = show(EXAMPLES / "lenet.net")
    before = shown.page.evaluate("({ ...view })")
    shown.page.mouse.move(400, 300)
    shown.page.mouse.wheel(0, -400)
    after = shown.page.evaluate("({ ...view })")
    assert after["scale"] > before["scale"]
    top = shown.page.evaluate("svg.getBoundingClientRect().top")
    for axis, at in (("x", 400), ("y", 300 - top)):
        was = (at - before[axis]) / before["scale"]
        assert (at - after[axis]) / after["scale"] == pytest.approx(was, abs=0.01)
    shown.page.keyboard.press("0")
    assert shown.page.evaluate("view.scale") == pytest.approx(before["scale"])


def test_a_hostile_text_runs_nothing(show: Any) -> None:
    shown = show("## </script><script>document.title = 'bad'</script>\nnet n { input x: [4]; output y = x -> relu }")
    assert shown.page.title() == "n"
