"""The picture as SVG: one file that needs nothing else, with classes and data for whoever builds on it.

Every box's line is a `<g class="node">` with `data-node` (its path in the code) and `data-line`, a closed block and a
cluster have `data-block`, an edge `data-edge`; tooltips are `<title>`s. Texts are escaped here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from netdsl.emit.diagram.diagram import Box, Cluster, Part
from netdsl.emit.diagram.drawing import HEADER, SMALL, STACK, Drawing, Line, Rect
from netdsl.emit.diagram.kinds import KINDS
from netdsl.emit.diagram.legend import NOTE, legend
from netdsl.emit.diagram.palette import DARK, LIGHT, Colors
from netdsl.emit.diagram.writing import BAR, Text, arrow, captions, corner, header_texts, strips

FONTS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
BANNER = "Written by netdsl"
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;"}


def to_svg(drawing: Drawing, theme: str = "auto", source: str = "") -> str:
    """The file. `theme` is light, dark, or auto, which follows the reader's; `source` the name of the text."""
    return "\n".join(_file(drawing, theme, source)) + "\n"


def escaped(text: str) -> str:
    """Text for content or a quoted attribute."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text).translate(_ESCAPES)


def _file(drawing: Drawing, theme: str, source: str) -> Iterator[str]:
    diagram = drawing.diagram
    entries, width, height = legend(drawing)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}"'
        f' height="{_n(height)}" class="netdsl" role="img">'
    )
    yield f"<!--\n{BANNER}{f' from {_comment(source)}' if source else ''}.\n-->"
    yield f"<title>{escaped(diagram.title)}</title>"
    yield f"<style>{style(theme, diagram.kinds())}</style>"
    yield f'<rect class="page" width="{_n(width)}" height="{_n(height)}"/>'
    for cluster in diagram.clusters:
        yield from _cluster(cluster, drawing.clusters[cluster.id])
    for line in drawing.lines:
        yield from _line(line, drawing)
    for box in diagram.boxes:
        yield from _box(box, drawing.boxes[box.id])
    yield from map(_text, captions(drawing))
    yield '<g class="legend">'
    for kind, rect, text in entries:
        if kind != NOTE:
            yield f'<rect class="swatch k-{kind}" x="{_n(rect.x)}" y="{_n(rect.y)}" width="12" height="12"/>'
        yield _text(Text(text, rect.x + (17 if kind != NOTE else 0), rect.y + 10, SMALL, "faint"))
    yield "</g>"
    yield "</svg>"


def _cluster(cluster: Cluster, rect: Rect) -> Iterator[str]:
    data = f' data-block="{cluster.block}"' if cluster.block >= 0 else ""
    yield f'<g class="cluster" id="{cluster.id}"{data}{_line_of(cluster.line)}>'
    tip = " ".join(text for text in (cluster.name, cluster.call, f"({cluster.place})" if cluster.place else "") if text)
    yield f"<title>{escaped(tip)}</title>"
    if cluster.times > 1:
        yield f'<rect class="sheet" {_at(rect.moved(STACK, STACK))} rx="6"/>'
    yield f'<rect class="frame" {_at(rect)} rx="6"/>'
    x, y, w = rect.x, rect.y, rect.width
    yield (
        f'<path class="header" d="M{_n(x)} {_n(y + HEADER)}v{_n(6 - HEADER)}a6 6 0 0 1 6 -6h{_n(w - 12)}'
        f'a6 6 0 0 1 6 6v{_n(HEADER - 6)}z"/>'
    )
    yield from map(_text, header_texts(cluster, rect))
    yield "</g>"


def _box(box: Box, rect: Rect) -> Iterator[str]:
    bad = any(part.error for part in box.parts)
    classes = f"box{' block' if box.closed else ''}{' aux' if box.aux else ''}{' bad' if bad else ''}"
    data = f' data-block="{box.block}"' if box.closed else ""
    yield f'<g class="{classes}" id="{box.id}"{data}>'
    round_ = corner(box, rect)
    if box.times > 1:
        yield f'<rect class="sheet" {_at(rect.moved(STACK, STACK))} rx="{_n(round_)}"/>'
    for part, (strip, texts) in zip(box.parts, strips(box, rect), strict=True):
        classes = f"node k-{part.kind}{' bad' if part.error else ''}"
        yield f'<g class="{classes}" data-node="{escaped(part.name)}"{_line_of(part.line)}>'
        yield f"<title>{escaped(_tip(part, box))}</title>"
        yield f'<rect class="tint" {_at(strip)} rx="{_n(round_)}"/>'
        if box.kind != "data":
            yield f'<rect class="bar" {_at(strip._replace(width=BAR))}/>'
        yield from map(_text, texts)
        yield "</g>"
    yield f'<rect class="edge-of" {_at(rect)} rx="{_n(round_)}"/>'
    yield "</g>"


def _tip(part: Part, box: Box) -> str:
    found = [f"{part.name}: {part.label}" if part.name else part.label]
    if box.shape:
        found.append(f"yields {box.shape}")
    if len(part.nodes) > 1 and not box.closed:
        found.append(f"{len(part.nodes)} times")
    if part.place:
        found.append(part.place)
    return "\n".join(found)


def _line(line: Line, drawing: Drawing) -> Iterator[str]:
    edges = [drawing.diagram.edges[number] for number in line.edges]
    classes = "edge" + (" skip" if line.skip else "") + (" bad" if line.error else "")
    classes += " like" if line.like else ""
    numbers = " ".join(map(str, line.edges))
    points, tip = arrow(line)
    path = f"M{_p(points[0])}C" + " ".join(_p(point) for point in points[1:])
    yield f'<g class="{classes}" data-edge="{numbers}">'
    yield f"<title>{escaped(edges[0].shape + (f' {line.error}' if line.error else ''))}</title>"
    yield f'<path d="{path}"/>'
    if tip:
        yield f'<polygon points="{" ".join(_p(point) for point in tip)}"/>'
    yield "</g>"


def _text(text: Text) -> str:
    held = f' text-anchor="{text.anchor}"' if text.anchor != "start" else ""
    small = ' font-size="10.5"' if text.size == SMALL else ""
    return (
        f'<text class="{text.role}" x="{_n(text.x)}" y="{_n(text.y)}"{held}{small} textLength="{_n(text.width)}"'
        f' lengthAdjust="spacingAndGlyphs">{escaped(text.text)}</text>'
    )


def _at(rect: Rect) -> str:
    return f'x="{_n(rect.x)}" y="{_n(rect.y)}" width="{_n(rect.width)}" height="{_n(rect.height)}"'


def _line_of(line: int) -> str:
    return f' data-line="{line}"' if line else ""


def _n(number: float) -> str:
    """One decimal: a tenth of a pixel."""
    return (
        f"{number:.1f}".removesuffix(".0").replace("-0", "0")
        if abs(number) < 0.05
        else f"{number:.1f}".removesuffix(".0")
    )


def _p(point: tuple[float, float]) -> str:
    return f"{_n(point[0])},{_n(point[1])}"


def _comment(text: str) -> str:
    return re.sub(r"-+", "-", escaped(text.replace("\n", " ")))


def style(theme: str, kinds: frozenset[str]) -> str:
    """The style sheet, with the kinds that there are."""
    light, dark = (":root,.netdsl", LIGHT), (":root,.netdsl", DARK)
    shown = {"light": light, "dark": dark, "auto": light}[theme]
    rules = [
        "text{font-family:" + FONTS + ";font-size:12px}",
        *_colored(shown[1], kinds),
        ".edge path{fill:none;stroke-width:1.2}.skip path{stroke-width:1.6;stroke-dasharray:5 3}",
        ".edge-of{fill:none}.aux .edge-of{stroke-dasharray:4 3}.block .edge-of{stroke-width:1.6}",
        ".like path{stroke-dasharray:1.5 2.5}.bad path{stroke-width:2}",
    ]
    if theme == "auto":
        rules.append("@media (prefers-color-scheme:dark){" + "".join(_colored(DARK, kinds)) + "}")
    return "".join(rules)


def _colored(colors: Colors, kinds: frozenset[str]) -> Iterator[str]:
    yield f".page{{fill:{colors.page}}}.label{{fill:{colors.text}}}.faint,.shape{{fill:{colors.faint}}}"
    yield f".times{{fill:{colors.skip}}}"
    yield f".frame{{fill:{colors.frame};stroke:{colors.border}}}.header{{fill:{colors.header}}}"
    yield f".sheet{{fill:{colors.header};stroke:{colors.border}}}.edge-of{{stroke:{colors.border}}}"
    yield f".edge path{{stroke:{colors.line}}}.edge polygon{{fill:{colors.line}}}"
    yield f".skip path{{stroke:{colors.skip}}}.skip polygon{{fill:{colors.skip}}}"
    yield f".bad path,.bad .edge-of{{stroke:{colors.error}}}.bad polygon,.wrong{{fill:{colors.error}}}"
    for kind in KINDS:
        if kind in kinds:
            yield f".k-{kind} .tint{{fill:{colors.tints[kind]}}}"
            yield f".k-{kind} .bar,.swatch.k-{kind}{{fill:{colors.bars[kind]}}}"
