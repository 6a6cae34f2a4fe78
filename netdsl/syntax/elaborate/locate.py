"""A broken rule of an operator, put in its place: which text is at fault, and where the shapes came from."""

from __future__ import annotations

from typing import Any

from netdsl.diagnostics import Diagnostic
from netdsl.graph import Node
from netdsl.ops.op import Op, OpError
from netdsl.source import Spans


def locate(
    error: OpError, spans: Spans, nodes: list[Node] | None = None, operands: Any = (), op: Op | None = None
) -> Diagnostic:
    """The diagnostic for `error`, which came from the call at `spans`."""
    span = spans.whole
    if error.attribute is not None and error.attribute in spans.attributes:
        span = spans.attributes[error.attribute]
    elif error.input is not None and error.input < len(spans.inputs) and not nodes:
        span = spans.inputs[error.input]
    return Diagnostic(error.code, error.message, span, notes=error.notes, help=error.help)
