"""The tree, built while the text is parsed: one method for each rule of the grammar.

A method gets what its rule matched, tokens included, in order; optional parts that were not written are simply not
there. Lists come from the rules that begin with `_`, and are spliced into their parent.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from netdsl.diagnostics import Diagnostic
from netdsl.source import Span
from netdsl.syntax import tree
from netdsl.syntax.strings import read_text
from netdsl.syntax.tokens import Token

Part = Any
"""A token, a node, or a list of names."""

_BRACED = (tree.Merge, tree.Repeat, tree.For, tree.If, tree.Body)


def _span(parts: list[Part]) -> Span:
    source, start, _ = parts[0].span
    return Span(source, start, parts[-1].span[2])


def _nodes(parts: list[Part]) -> tuple[Part, ...]:
    return tuple(part for part in parts if type(part) is not Token)


def _plain(stages: list[tree.Stage]) -> bool:
    """Whether a pipeline is one expression without label or check."""
    if len(stages) != 1:
        return False
    stage = stages[0]
    return stage.label is None and stage.check is None and not isinstance(stage.unit, _BRACED)


class Builder:
    """Builds the tree of one text. `errors` collects what is wrong inside tokens, such as a bad escape."""

    def __init__(self) -> None:
        self.errors: list[Diagnostic] = []

    # ---------------------------------------------------------------------------------------------- file

    def start(self, parts: list[Part]) -> tuple[tree.Item, ...]:
        return _nodes(parts)

    def import_(self, parts: list[Part]) -> tree.Import:
        alias = self.name(parts[3:]) if len(parts) > 2 else None
        return tree.Import(self._text(parts[1]), alias, _span(parts))

    def let(self, parts: list[Part]) -> tree.Let:
        value = self._value(parts[3])
        return tree.Let(self.name(parts[1:]), value, parts[0].span.to(value.span))

    def definition(self, parts: list[Part]) -> tree.Definition:
        parameters = parts[2] if isinstance(parts[2], tuple) else ()
        body = parts[-1]
        if isinstance(body, list):
            body = self._pipeline(body)
        return tree.Definition(
            parts[0].text, self.name(parts[1:]), parameters, body, doc_above(parts[0].span), parts[0].span.to(body.span)
        )

    def params(self, parts: list[Part]) -> tuple[tree.Parameter, ...]:
        return _nodes(parts)

    def param(self, parts: list[Part]) -> tree.Parameter:
        default = self._value(parts[2]) if len(parts) > 1 else None
        start, end = parts[0].span, default or parts[0]
        return tree.Parameter(self.name(parts), default, False, start.to(end.span))

    def rest(self, parts: list[Part]) -> tree.Parameter:
        return tree.Parameter(self.name(parts[1:]), None, True, _span(parts))

    # ---------------------------------------------------------------------------------------- statements

    def body(self, parts: list[Part]) -> tree.Body:
        statements = tuple(
            self._pipeline(part) if type(part) is list else part for part in parts if type(part) is not Token
        )
        return tree.Body(statements, _span(parts))

    def assign(self, parts: list[Part]) -> tree.Assign:
        names, pipeline = tuple(parts[0]), self._pipeline(parts[2])
        return tree.Assign(names, pipeline, names[0].span.to(pipeline.span))

    def shared(self, parts: list[Part]) -> tree.Shared:
        value = self._value(parts[3])
        return tree.Shared(self.name(parts[1:]), value, parts[0].span.to(value.span))

    def input(self, parts: list[Part]) -> tree.Input:
        return tree.Input(tuple(parts[1]), parts[3], _span(parts))

    def target(self, parts: list[Part]) -> tree.Target:
        return tree.Target(tuple(parts[1]), parts[3], _span(parts))

    def output(self, parts: list[Part]) -> tree.Output:
        marker = self.name(parts) if parts[0].kind == "NAME" else None
        start = parts[0].span
        if marker:
            parts = parts[1:]
        names: list[tree.Name] = parts[1]
        pipeline = self._pipeline(parts[3]) if len(parts) > 2 else None
        return tree.Output(marker, tuple(names), pipeline, start.to((pipeline or names[-1]).span))

    def each(self, parts: list[Part]) -> tree.Each:
        return tree.Each(tuple(parts[1]), parts[3], parts[4], _span(parts))

    def expect(self, parts: list[Part]) -> tree.Expect:
        return tree.Expect(parts[1], _span(parts))

    def names(self, parts: list[Part]) -> list[tree.Name]:
        if len(parts) == 1:
            return [self.name(parts)]
        names: list[tree.Name] = parts[0]
        names.append(self.name(parts[2:]))
        return names

    # ----------------------------------------------------------------------------------------- pipelines

    def pipeline(self, parts: list[Part]) -> list[tree.Stage]:
        """A list of stages, while it grows; `_pipeline` and `_value` make the node."""
        if len(parts) == 1:
            return parts
        stages: list[tree.Stage] = parts[0]
        stages.append(parts[2])
        return stages

    value = pipeline

    def _pipeline(self, stages: list[tree.Stage]) -> tree.Pipeline:
        return tree.Pipeline(tuple(stages), _span(stages))

    def _value(self, stages: list[tree.Stage]) -> tree.Value:
        return stages[0].unit if _plain(stages) else self._pipeline(stages)  # type: ignore[return-value]

    def stage(self, parts: list[Part]) -> tree.Stage:
        if len(parts) == 1:
            return tree.Stage(None, parts[0], None, parts[0].span)
        label = parts[0] if type(parts[0]) is tree.Label else None
        check = parts[-1][0] if type(parts[-1]) is tuple else None
        end = check.span if check else parts[-1].span
        return tree.Stage(label, parts[1 if label else 0], check, parts[0].span.to(end))

    def label(self, parts: list[Part]) -> tree.Label:
        text = self.name(parts) if parts[0].kind == "NAME" else self._text(parts[0])
        return tree.Label(text, parts[0].span)

    def check(self, parts: list[Part]) -> tuple[tree.Expr]:
        """A tuple, so that `stage` can tell it from a unit."""
        return (parts[1],)

    def merge(self, parts: list[Part]) -> tree.Merge:
        return tree.Merge(parts[0], parts[1], _span(parts))

    def repeat(self, parts: list[Part]) -> tree.Repeat:
        return tree.Repeat(parts[1], parts[2], _span(parts))

    def for_(self, parts: list[Part]) -> tree.For:
        return tree.For(tuple(parts[1]), parts[3], parts[4], _span(parts))

    def if_(self, parts: list[Part]) -> tree.If:
        return tree.If(parts[1], parts[2], parts[4] if len(parts) > 3 else None, _span(parts))

    # --------------------------------------------------------------------------------------- expressions

    def choose(self, parts: list[Part]) -> tree.Choose:
        return tree.Choose(parts[2], parts[0], parts[4], _span(parts))

    def binary(self, parts: list[Part]) -> tree.Binary:
        return tree.Binary(parts[1].text, parts[0], parts[2], parts[1].span, _span(parts))

    def unary(self, parts: list[Part]) -> tree.Unary:
        return tree.Unary(parts[0].text, parts[1], _span(parts))

    def call(self, parts: list[Part]) -> tree.Call:
        arguments = tuple(self._argument(part) for part in parts[2:-1] if type(part) is not Token)
        return tree.Call(parts[0], arguments, _span(parts))

    def _argument(self, part: Part) -> tree.Argument:
        if type(part) is tree.Argument:
            return part
        value = self._value(part)
        return tree.Argument(None, value, False, value.span)

    def named(self, parts: list[Part]) -> tree.Argument:
        value = self._value(parts[2])
        return tree.Argument(self.name(parts), value, False, parts[0].span.to(value.span))

    def spread(self, parts: list[Part]) -> tree.Argument:
        return tree.Argument(None, self.name(parts[1:]), True, _span(parts))

    def index(self, parts: list[Part]) -> tree.Index:
        return tree.Index(parts[0], _nodes(parts[1:]), _span(parts))

    def slice(self, parts: list[Part]) -> tree.Slice:
        start = parts[0] if type(parts[0]) is not Token else None
        stop = parts[-1] if type(parts[-1]) is not Token else None
        return tree.Slice(start, stop, _span(parts))

    def attribute(self, parts: list[Part]) -> tree.Attribute:
        return tree.Attribute(parts[0], self.name(parts[2:]), _span(parts))

    def name(self, parts: list[Part]) -> tree.Name:
        return tree.Name(parts[0].text, parts[0].span)

    def in_(self, parts: list[Part]) -> tree.In:
        return tree.In(parts[0].span)

    def number(self, parts: list[Part]) -> tree.Number:
        text = parts[0].text.replace("_", "")
        return tree.Number(int(text) if parts[0].kind == "INT" else float(text), parts[0].span)

    def size(self, parts: list[Part]) -> tree.Size:
        return tree.Size(tuple(int(extent) for extent in parts[0].text.split("x")), parts[0].span)

    def boolean(self, parts: list[Part]) -> tree.Boolean:
        return tree.Boolean(parts[0].kind == "TRUE", parts[0].span)

    def string(self, parts: list[Part]) -> tree.Text:
        return self._text(parts[0])

    def _text(self, token: Token) -> tree.Text:
        return read_text(token.span, self.errors)

    def group(self, parts: list[Part]) -> tree.Expr:
        """Parentheses around a plain expression leave no node, but belong to the span of the expression."""
        span, stages = _span(parts), parts[1]
        if _plain(stages):
            plain: tree.Expr = replace(stages[0].unit, span=span)
            return plain
        return tree.Applied(self._pipeline(stages), span)

    def list_(self, parts: list[Part]) -> tree.List:
        return tree.List(tuple(self._value(part) for part in parts if type(part) is not Token), _span(parts))

    def comprehension(self, parts: list[Part]) -> tree.Comprehension:
        return tree.Comprehension(self._value(parts[1]), tuple(parts[3]), parts[5], _span(parts))


def doc_above(place: Span) -> str:
    """The `##` lines just above the line of `place`, without their marks; `""` where there are none."""
    text, lines = place.source.text, []
    end = text.rfind("\n", 0, place.start)
    while end >= 0:
        start = text.rfind("\n", 0, end) + 1
        line = text[start:end].strip()
        if not line.startswith("##"):
            break
        lines.append(line[2:].removeprefix(" "))
        end = start - 1
    return "\n".join(reversed(lines)).strip()
