"""The parsed text: one class for each construct of `grammars/netdsl.lark`, each with its span.

Nothing here knows an operator. Two rules of the language shape the tree:

* in a body, an output, or after `name =`, a pipeline is *applied* to the flow; as an argument, a `let`, a
  `shared` or a default it is a *block* that waits for its input. Both are a `Pipeline`; who holds it decides.
  A pipeline that is one plain expression is held as that expression.
* `( pipeline )` is an expression whose pipeline is applied: `Applied`. Parentheses around one plain expression
  leave no trace in the tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from netdsl.source import Source, Span

# ------------------------------------------------------------------------------------------------ expressions


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class In:
    """`in`: the value that entered the innermost braces."""

    span: Span


@dataclass(frozen=True, slots=True)
class Number:
    """An integer or a float, as written by value."""

    value: int | float
    span: Span


@dataclass(frozen=True, slots=True)
class Size:
    """`3x224x224`: a list of integers."""

    values: tuple[int, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Boolean:
    value: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Text:
    """A string; `"layer{i + 1}"` has the parts `"layer"` and the expression."""

    parts: tuple[str | Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class List:
    items: tuple[Value, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Comprehension:
    """`[value for names in iterable]`."""

    value: Value
    names: tuple[Name, ...]
    iterable: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Argument:
    """`value`, `name = value`, or with `spread` set `...name` (then `value` is that `Name`)."""

    name: Name | None
    value: Value
    spread: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    callee: Expr
    arguments: tuple[Argument, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Slice:
    start: Expr | None
    stop: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Index:
    value: Expr
    indices: tuple[Expr | Slice, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Attribute:
    value: Expr
    name: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x` or `not x`; `operator` is `-` or `not`."""

    operator: str
    operand: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic `+ - * / // % **`, comparison `== != <= >= < >`, logic `and or`; `place` is the operator's."""

    operator: str
    left: Expr
    right: Expr
    place: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Choose:
    """`then if condition else otherwise`."""

    condition: Expr
    then: Expr
    otherwise: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Applied:
    """`(x -> tower)`: a pipeline in parentheses, applied."""

    pipeline: Pipeline
    span: Span


Expr: TypeAlias = (
    Name | In | Number | Size | Boolean | Text | List | Comprehension | Call | Index | Attribute | Unary | Binary
    | Choose | Applied
)  # fmt: skip

# -------------------------------------------------------------------------------------------------- pipelines


@dataclass(frozen=True, slots=True)
class Merge:
    """`concat { a; b }`: `head` is an expression that names a multi-input operator or calls one."""

    head: Expr
    body: Body
    span: Span


@dataclass(frozen=True, slots=True)
class Repeat:
    count: Expr
    body: Body
    span: Span


@dataclass(frozen=True, slots=True)
class For:
    names: tuple[Name, ...]
    iterable: Expr
    body: Body
    span: Span


@dataclass(frozen=True, slots=True)
class If:
    condition: Expr
    then: Body
    otherwise: Body | If | None
    span: Span


@dataclass(frozen=True, slots=True)
class Label:
    """`conv1:` or `"layer{i}":`; the span leaves out the colon."""

    text: Name | Text
    span: Span


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: `label: unit @ check`. The span covers all three, `unit.span` the unit."""

    label: Label | None
    unit: Unit
    check: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Pipeline:
    """`a -> b -> c`; never empty."""

    stages: tuple[Stage, ...]
    span: Span


# ------------------------------------------------------------------------------------------------- statements


@dataclass(frozen=True, slots=True)
class Assign:
    names: tuple[Name, ...]
    pipeline: Pipeline
    span: Span


@dataclass(frozen=True, slots=True)
class Shared:
    name: Name
    value: Value
    span: Span


@dataclass(frozen=True, slots=True)
class Let:
    name: Name
    value: Value
    span: Span


@dataclass(frozen=True, slots=True)
class Input:
    names: tuple[Name, ...]
    shape: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Target:
    names: tuple[Name, ...]
    shape: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Output:
    """`output y = ..`; `marker` is the word before `output` (only `aux` has a meaning)."""

    marker: Name | None
    names: tuple[Name, ...]
    pipeline: Pipeline | None
    span: Span


@dataclass(frozen=True, slots=True)
class Each:
    names: tuple[Name, ...]
    iterable: Expr
    body: Body
    span: Span


@dataclass(frozen=True, slots=True)
class Expect:
    condition: Expr
    span: Span


Statement: TypeAlias = Pipeline | Assign | Shared | Let | Input | Target | Output | Each | Expect


@dataclass(frozen=True, slots=True)
class Body:
    """What stands between braces; the span includes them."""

    statements: tuple[Statement, ...]
    span: Span


Unit: TypeAlias = Expr | Merge | Repeat | For | If | Body
Value: TypeAlias = Expr | Pipeline

# ------------------------------------------------------------------------------------------------------- file


@dataclass(frozen=True, slots=True)
class Parameter:
    """`name`, `name = default`, or with `rest` set `...name`."""

    name: Name
    default: Value | None
    rest: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Import:
    path: Text
    alias: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Definition:
    """A `block` or a `net` (`kind`); `body` is a pipeline where it was written with `=`.

    `doc` is the text of the `##` comment lines just above it, without the marks; `""` where there are none.
    """

    kind: str
    name: Name
    parameters: tuple[Parameter, ...]
    body: Body | Pipeline
    doc: str
    span: Span


Item: TypeAlias = Import | Let | Definition | Expect


@dataclass(frozen=True, slots=True)
class File:
    """`doc` is the `##` comment at the top of the file, which may also be the first definition's."""

    source: Source
    items: tuple[Item, ...]
    doc: str
