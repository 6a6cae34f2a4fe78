"""The picture as PDF, one page of its size: vectors, and text that can be searched.

Helvetica is one of the fourteen fonts that every reader of PDF has, and its widths are those that the picture is made
by: so nothing is embedded. What its encoding lacks is written as `?`.
"""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.emit.diagram.drawing import HEADER, SMALL, STACK, Drawing, Point, Rect
from netdsl.emit.diagram.legend import NOTE, legend
from netdsl.emit.diagram.palette import DARK, LIGHT, Colors
from netdsl.emit.diagram.writing import BAR, Text, arrow, captions, corner, header_texts, strips

_ROUND = 0.5523  # a quarter of a circle as a Bézier curve
SCALE = 0.75  # points in a pixel
BANNER = b"%Written by netdsl"


def to_pdf(drawing: Drawing, theme: str = "light") -> bytes:
    """The file; the same bytes for the same picture. `theme` is light (also where it is auto: paper is) or dark."""
    entries, width, height = legend(drawing)
    colors = DARK if theme == "dark" else LIGHT
    marks = _Marks(colors, height)
    content = "\n".join([f"{SCALE} 0 0 {SCALE} 0 0 cm", *marks.picture(drawing, entries, width)])
    box = f"[0 0 {width * SCALE:.2f} {height * SCALE:.2f}]"
    return _file(
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox{box}/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        content,
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    )


def _file(*objects: str) -> bytes:
    out = b"%PDF-1.4\n" + BANNER + b".\n"
    offsets = []
    for number, text in enumerate(objects, 1):
        offsets.append(len(out))
        body = text.encode("cp1252", "replace")
        if not text.startswith("<<"):
            body = b"<</Length %d>>\nstream\n%s\nendstream" % (len(body), body)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    trailer = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + trailer


class _Marks:
    """The operators of a page, whose y goes up from its lower edge."""

    def __init__(self, colors: Colors, height: float) -> None:
        self.colors, self.height = colors, height

    def picture(self, drawing: Drawing, entries: list[tuple[str, Rect, str]], width: float) -> Iterator[str]:
        colors = self.colors
        yield self.rect(Rect(0, 0, width, self.height), 0, colors.page)
        for cluster in drawing.diagram.clusters:
            rect = drawing.clusters[cluster.id]
            if cluster.times > 1:
                yield self.rect(rect.moved(STACK, STACK), 6, colors.header, colors.border)
            yield self.rect(rect, 6, colors.frame, colors.border)
            yield self.rect(rect._replace(height=HEADER), 6, colors.header)
            yield from map(self.text, header_texts(cluster, rect))
        for line in drawing.lines:
            color = colors.error if line.error else colors.skip if line.skip else colors.line
            dash = "[1.5 2.5] 0 d" if line.like else "[5 3] 0 d" if line.skip else "[] 0 d"
            points, head = arrow(line)
            yield f"{_rgb(color)} RG {dash} {1.6 if line.skip else 1.2} w {self.curve(points)} S [] 0 d 1 w"
            if head:
                yield f"{_rgb(color)} rg {self.polygon(head)} f"
        for box in drawing.diagram.boxes:
            rect = drawing.boxes[box.id]
            if box.times > 1:
                yield self.rect(rect.moved(STACK, STACK), corner(box, rect), colors.header, colors.border)
            for part, (strip, texts) in zip(box.parts, strips(box, rect), strict=True):
                yield self.rect(strip, corner(box, rect), colors.tints[part.kind])
                if box.kind != "data":
                    yield self.rect(strip._replace(width=BAR), 0, colors.bars[part.kind])
                yield from map(self.text, texts)
            bad = any(part.error for part in box.parts)
            dash = "[4 3] 0 d" if box.aux else "[] 0 d"
            yield f"{dash} {self.rect(rect, corner(box, rect), '', colors.error if bad else colors.border)} [] 0 d"
        yield from map(self.text, captions(drawing))
        for kind, rect, text in entries:
            if kind != NOTE:
                yield self.rect(rect._replace(width=12.0), 0, colors.bars[kind])
            yield self.text(Text(text, rect.x + (17 if kind != NOTE else 0), rect.y + 10, SMALL, "faint"))

    def rect(self, rect: Rect, radius: float, fill: str = "", stroke: str = "") -> str:
        """A rectangle with round corners, filled, stroked or both."""
        x, y, right, bottom = rect.x, rect.y, rect.right, rect.bottom
        r = min(radius, rect.width / 2, rect.height / 2)
        k = r * (1 - _ROUND)
        way = [
            f"{self.at((x + r, y))} m {self.at((right - r, y))} l",
            f"{self.at((right - k, y))} {self.at((right, y + k))} {self.at((right, y + r))} c",
            f"{self.at((right, bottom - r))} l",
            f"{self.at((right, bottom - k))} {self.at((right - k, bottom))} {self.at((right - r, bottom))} c",
            f"{self.at((x + r, bottom))} l",
            f"{self.at((x + k, bottom))} {self.at((x, bottom - k))} {self.at((x, bottom - r))} c",
            f"{self.at((x, y + r))} l",
            f"{self.at((x, y + k))} {self.at((x + k, y))} {self.at((x + r, y))} c h",
        ]
        paint = "B" if fill and stroke else "f" if fill else "S"
        colors = [f"{_rgb(fill)} rg"] if fill else []
        colors += [f"{_rgb(stroke)} RG"] if stroke else []
        return " ".join([*colors, *way, paint])

    def curve(self, points: tuple[Point, ...]) -> str:
        pieces = [points[i : i + 3] for i in range(1, len(points) - 2, 3)]
        return " ".join(
            [f"{self.at(points[0])} m", *(" ".join(self.at(point) for point in piece) + " c" for piece in pieces)]
        )

    def polygon(self, points: tuple[Point, ...]) -> str:
        first, *others = (self.at(point) for point in points)
        return " ".join([f"{first} m", *(f"{other} l" for other in others), "h"])

    def text(self, text: Text) -> str:
        shift = {"start": 0.0, "middle": text.width / 2, "end": text.width}[text.anchor]
        colors = self.colors
        color = {"label": colors.text, "times": colors.skip, "wrong": colors.error}.get(text.role, colors.faint)
        shown = "".join(c if c.isprintable() else "?" for c in text.text)
        for character in "\\()":
            shown = shown.replace(character, "\\" + character)
        return f"BT {_rgb(color)} rg /F {text.size} Tf {self.at((text.x - shift, text.y))} Td ({shown}) Tj ET"

    def at(self, point: Point) -> str:
        return f"{point[0]:.2f} {self.height - point[1]:.2f}"


def _rgb(color: str) -> str:
    return " ".join(f"{int(color[i : i + 2], 16) / 255:.3f}" for i in (1, 3, 5))
