"""Graphviz as a function: from DOT to places. Nothing else here knows how it is reached.

pygraphviz comes first: its wheels carry one Graphviz, so that a picture has the same bytes everywhere; `dot` on the
path serves where there is no such wheel. The DOT that is given has no texts, so that no font is ever looked for.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import shutil
import subprocess
from typing import Any

from netdsl.diagnostics import placeless

TIMEOUT = 30  # seconds, for a `dot` that is a process of its own


def layout(dot: str) -> dict[str, Any]:
    """Graphviz's `json0` of a graph laid out by `dot`: points, y upwards. Raises NetdslError N741."""
    if importlib.util.find_spec("pygraphviz") is not None:
        return dict(json.loads(_within(dot)))
    program = shutil.which("dot")
    if program is None:
        raise placeless(
            "N741",
            "pictures need the package `pygraphviz`, which came with netdsl and is gone",
            help="pip install pygraphviz; `-o x.txt`, `.dot`, `.mmd` and `.json` work without it",
        )
    return dict(json.loads(_outside(program, dot)))


def _within(dot: str) -> bytes:
    import pygraphviz

    with contextlib.redirect_stderr(io.StringIO()):  # it warns of large graphs
        drawn: bytes = pygraphviz.AGraph(string=dot).draw(format="json0", prog="dot")
    return drawn


def _outside(program: str, dot: str) -> bytes:
    try:
        done = subprocess.run(
            [program, "-Tjson0"], input=dot.encode(), capture_output=True, timeout=TIMEOUT, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise placeless("N741", f"`{program}` could not lay the picture out: {error}") from error
    return done.stdout
