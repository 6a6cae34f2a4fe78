"""The summary for spreadsheets, for pages in Markdown, and for notebooks."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from netdsl.analysis.summary import Summary, summarise
from tests.examples.networks import FILE
from tests.graphs import graph

GOLDEN = Path(__file__).parents[1] / "golden" / "summary"

HOSTILE = """
block unit(_name) = conv(4, 1) -> relu
net n {
  input x: 3x8x8
  output y = x -> a: unit("</span><script>alert(1)</script>|*_`\\\\\\"&") -> relu
}
"""


def of(network: str, **options: int | None) -> Summary:
    return summarise(graph(FILE[network], network), **options)  # type: ignore[arg-type]


def records(summary: Summary) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(summary.to_csv())))


@pytest.mark.parametrize("depth", [None, 1, 2])
@pytest.mark.parametrize("network", ["googlenet", "densenet121", "lenet"])
def test_the_columns_of_the_csv_add_up(network: str, depth: int | None) -> None:
    found = of(network, depth=depth)
    rows = records(found)
    assert sum(int(row["params"]) for row in rows) == found.params
    assert sum(float(row["macs_share"] or 0) for row in rows) == pytest.approx(1, abs=1e-4)
    assert sum(int(row["macs"]) for row in rows if row["macs_share"]) == found.macs
    assert (depth == 1) == (len(rows) == len(found.rows)) or network == "lenet"


def test_csv_figures_are_plain() -> None:
    row = next(row for row in records(of("googlenet")) if row["name"] == "inception4b.concat")
    assert row == {
        "name": "inception4b.concat",
        "operator": "concat",
        "output": "512x14x14",
        "params": "0",
        "frozen": "0",
        "params_share": "",
        "macs": "0",
        "macs_share": "",
        "memory_bytes": str(4 * 512 * 14 * 14),
        "field_min": "43",
        "field_max": "235",
        "exceeds_input": "yes",
        "stride": "16",
        "file": str(FILE["googlenet"]),
        "line": "9",
    }


def test_csv_of_axes_and_of_unknown_sizes() -> None:
    g = graph("net n { input x: [1, H, 8]; output y = x -> conv(2, [3, 5], stride = [1, 2]) }\n")
    image, conv = records(summarise(g))[:2]
    assert (image["memory_bytes"], conv["field_max"], conv["stride"]) == ("32·H", "3x5", "1x2")
    assert conv["macs"] == "120·H"


def test_markdown(golden) -> None:
    golden(GOLDEN / "lenet.md", of("lenet").to_markdown())


def test_markdown_cells_do_not_break_out() -> None:
    text = summarise(graph(HOSTILE)).to_markdown()
    assert "<script>" not in text
    columns = {len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("|")}
    assert len(columns) == 1


class Page(HTMLParser):
    """Which tags are open, what is shown, and that all that opens closes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.lines: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.append((tag, dict(attrs)))
        if "row" in str(dict(attrs).get("class")).split():
            self.lines.append([])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["span"]:
            self.lines[-1].append(data)


def page(summary: Summary) -> Page:
    found = Page()
    found.feed(summary.to_html())
    assert found.open == []
    return found


def test_the_page_has_every_line_and_folds_at_the_blocks() -> None:
    found = of("googlenet")
    shown = page(found)
    names = [line[0] for line in shown.lines]
    assert names[0] == "name"
    assert [name for name in names if name.startswith("inception")] == [
        row.name for row in found.rows if row.name.startswith("inception")
    ]
    details = [attributes for tag, attributes in shown.tags if tag == "details"]
    assert len(details) == found.to_html().count("<summary ") == 9 * 7 + 3 + 2 * 2
    assert sum("open" in attributes for attributes in details) == 14  # those of the first level
    assert sum("open" in attributes for tag, attributes in page(of("googlenet", depth=1)).tags if tag == "details") == 0


def test_the_page_escapes_everything() -> None:
    text = summarise(graph(HOSTILE)).to_html()
    shown = page(summarise(graph(HOSTILE)))
    assert "script" not in [tag for tag, _ in shown.tags]
    assert '</span><script>alert(1)</script>|*_`\\\\\\"&' in "".join(cell for line in shown.lines for cell in line)
    assert "<script" not in text


def test_it_shows_itself_where_it_can() -> None:
    found = of("lenet")
    bundle = found._repr_mimebundle_()
    assert bundle["text/plain"] == str(found)
    assert bundle["text/html"] == found.to_html()
    assert bundle["text/markdown"] == found.to_markdown()
