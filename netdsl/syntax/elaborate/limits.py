"""How far elaboration goes. The text cannot change these numbers."""

from __future__ import annotations

from dataclasses import dataclass

from netdsl.extent import Affine
from netdsl.source import Span
from netdsl.syntax.elaborate.report import Report

LONGEST_LIST = 10_000
LONGEST_TEXT = 4_096
LARGEST_INTEGER = 10**18


@dataclass(frozen=True, slots=True)
class Limits:
    """`depth` blocks inside blocks, `repeat` turns of one loop, `nodes` in the graph, `work` calls and turns in all."""

    depth: int = 32
    repeat: int = 10_000
    nodes: int = 20_000
    work: int = 100_000


def bounded(value: object, span: Span, report: Report) -> None:
    """Raises where a computed number, text or list is out of all proportion."""
    if isinstance(value, int):
        if not -LARGEST_INTEGER < value < LARGEST_INTEGER:
            raise report.error("N614", "the result has more than 18 digits", span, "too large")
    elif isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise report.error("N614", f"the result is {value}, which is no finite number", span)
    elif isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise report.error(
                "N614", f"the text would have {len(value)} characters; the limit is {LONGEST_TEXT}", span
            )
    elif isinstance(value, tuple) and len(value) > LONGEST_LIST:
        raise report.error("N614", f"the list would have {len(value)} elements; the limit is {LONGEST_LIST}", span)
    elif isinstance(value, Affine) and len(str(value)) > LONGEST_TEXT:
        raise report.error("N614", "the extent is too long an expression", span)
