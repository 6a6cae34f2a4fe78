"""Ratios as an SVG: a line for each cell, a dot with its interval for each peer, on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

from benchmarks.book import Book
from benchmarks.report import Ratio, peers, ratio, rows, title

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")  # Okabe and Ito, 2008
TICKS = (0.25, 0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 4, 6, 8, 12, 16)
LEFT, RIGHT, TOP, LINE, WIDTH = 250, 30, 70, 26, 860  # of the drawing, in pixels


def picture(book: Book, keys: Sequence[str]) -> str:
    measured = [key for key in keys if book.cells.get(key, {}).get("rows")]
    names = peers(book, measured)
    found = {key: {p: r for p, row in rows(book.cells[key]).items() if (r := ratio(row))} for key in measured}
    ends = [end for each in found.values() for r in each.values() for end in (r.low, r.high)] or [1.0]
    low, high = min(0.8, *ends) / 1.05, max(1.25, *ends) * 1.05

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(value / low) / math.log(high / low)

    height = TOP + LINE * len(measured) + 40
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="{LEFT}" y="20">time of a pass, in times of netdsl\'s (right of 1 netdsl is faster)</text>',
    ]
    for index, name in enumerate(names):
        at = LEFT + 125 * index
        parts.append(f'<circle cx="{at + 5}" cy="42" r="5" fill="{COLOURS[index % len(COLOURS)]}"/>')
        parts.append(f'<text x="{at + 15}" y="46">{escape(name)}</text>')
    bottom = TOP + LINE * len(measured)
    for tick in TICKS:
        if low <= tick <= high:
            colour, width = ("#333", 2) if tick == 1 else ("#ddd", 1)
            parts.append(f'<path d="M{x(tick):.1f} {TOP - 10}V{bottom}" stroke="{colour}" stroke-width="{width}"/>')
            parts.append(f'<text x="{x(tick):.1f}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>')
    for number, key in enumerate(measured):
        y = TOP + LINE * number + LINE / 2
        parts.append(f'<text x="{LEFT - 12}" y="{y + 4:.1f}" text-anchor="end">{escape(title(key))}</text>')
        for index, name in enumerate(names):
            if name in found[key]:
                offset = (index - (len(names) - 1) / 2) * 4
                parts += _dot(found[key][name], x, y + offset, COLOURS[index % len(COLOURS)])
    return "\n".join([*parts, "</svg>", ""])


def _dot(value: Ratio, x: Callable[[float], float], y: float, colour: str) -> list[str]:
    return [
        f'<path d="M{x(value.low):.1f} {y:.1f}H{x(value.high):.1f}" stroke="{colour}" stroke-width="2"/>',
        f'<circle cx="{x(value.median):.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>',
    ]
