"""The colours, light and dark. Hues are Okabe and Ito's, which colour-blind readers can tell apart; every box says in
text what it is, and its kind's colour is a bar at its side and a tint."""

from __future__ import annotations

from typing import NamedTuple


class Colors(NamedTuple):
    """`bars` are the kinds' hues, `tints` the grounds of their boxes."""

    page: str
    text: str
    faint: str
    line: str
    skip: str
    error: str
    frame: str
    header: str
    border: str
    bars: dict[str, str]
    tints: dict[str, str]


_HUES = {
    "data": "#5f6b7a",
    "weighted": "#0072b2",
    "norm": "#009e73",
    "activation": "#d55e00",
    "pool": "#56b4e9",
    "merge": "#cc79a7",
    "shape": "#9a8f80",
    "random": "#c9b400",
    "loss": "#7b3294",
    "other": "#444444",
    "block": "#5f6b7a",
    "added": "#009e73",
    "removed": "#d55e00",
    "changed": "#c9a400",
    "same": "#a8b0b9",
}

LIGHT = Colors(
    page="#ffffff",
    text="#1b1f24",
    faint="#57606a",
    line="#57606a",
    skip="#b3367f",
    error="#c00000",
    frame="#f6f8fa",
    header="#e4e9ef",
    border="#c2cad3",
    bars=_HUES,
    tints={
        "data": "#eef0f3",
        "weighted": "#d9eaf6",
        "norm": "#d9f1e8",
        "activation": "#fbe5d6",
        "pool": "#e4f3fc",
        "merge": "#f8e7f0",
        "shape": "#f0ece6",
        "random": "#fbf6d3",
        "loss": "#ecdff2",
        "other": "#ececec",
        "block": "#ffffff",
        "added": "#c6ecdd",
        "removed": "#fbd9c4",
        "changed": "#faf0b8",
        "same": "#f4f5f7",
    },
)

DARK = Colors(
    page="#0d1117",
    text="#e6edf3",
    faint="#9aa6b2",
    line="#8b949e",
    skip="#e08abb",
    error="#ff6b6b",
    frame="#141a22",
    header="#222b36",
    border="#3d4854",
    bars=_HUES | {"weighted": "#2f95d0", "data": "#8b97a5", "block": "#8b97a5", "loss": "#a566bf", "other": "#9a9a9a"},
    tints={
        "data": "#20262e",
        "weighted": "#12314a",
        "norm": "#0d3a2e",
        "activation": "#47260f",
        "pool": "#1c3a4d",
        "merge": "#432436",
        "shape": "#322d27",
        "random": "#3a350d",
        "loss": "#33203d",
        "other": "#2b2b2b",
        "block": "#181f28",
        "added": "#0d4635",
        "removed": "#552a0c",
        "changed": "#4a410a",
        "same": "#1b2129",
    },
)
