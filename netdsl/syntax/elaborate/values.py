"""What an expression of the language may be worth, beside numbers, texts, lists and tensors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netdsl.expression import Expr, Flag, Literal, Number, Operation, Real, Sequence, Word, provenance, traced
from netdsl.extent import Affine
from netdsl.ops.initialiser import Initialiser
from netdsl.ops.op import Op, show, show_shape
from netdsl.scope import BlockValue, Ref, Region, Share, Step, Tensor
from netdsl.source import Span
from netdsl.syntax import tree

if TYPE_CHECKING:
    from netdsl.syntax.elaborate.context import Context
    from netdsl.syntax.elaborate.scopes import Declared, FileScope


@dataclass(slots=True, eq=False)
class Arguments:
    """What stands between the parentheses of a call, evaluated; each value with its place."""

    positional: list[tuple[Any, Span]]
    named: dict[str, tuple[Any, Span]]
    span: Span
    spread: bool = False  # some came from `...args`


@dataclass(slots=True, eq=False)
class Operator:
    """An operator that waits for its input; `arguments` None where it was not called yet."""

    cls: type[Op]
    arguments: Arguments | None = None
    text: str = ""

    @property
    def name(self) -> str:
        return self.cls.name


@dataclass(slots=True, eq=False)
class Function:
    """A function of numbers and lists; `operator` is what its name means on tensors."""

    name: str
    operator: Operator | None


@dataclass(slots=True, eq=False)
class Defined:
    """A block or net of the text."""

    declared: Declared
    arguments: Arguments | None = None
    text: str = ""

    @property
    def name(self) -> str:
        return self.declared.name


@dataclass(slots=True, eq=False)
class Closure:
    """A pipeline or braces that wait for their input, with where they were written.

    `caught` is None in the frame where it was written; once passed to another frame, the plain values of the names
    that it uses.
    """

    pipeline: tree.Pipeline
    context: Context
    text: str
    caught: tuple[tuple[str, Any], ...] | None = None
    name: str = ""


@dataclass(slots=True, eq=False)
class Cut:
    """`upto(net, labels)` and `from(net, label)`."""

    net: Defined
    kind: str
    labels: tuple[str, ...]
    single: bool  # one label, hence one value and not a list
    span: Span
    text: str = ""


@dataclass(slots=True, eq=False)
class Instance:
    """`shared name = block`: one set of weights. `owners` is what the first use made: path -> shapes of weights."""

    name: str
    block: Any
    context: Context
    step: Share
    component: Any
    owners: dict[str, Any] | None = None
    first: Span | None = None


@dataclass(slots=True, eq=False)
class CutMaker:
    """The functions `upto` and `from`."""

    name: str


@dataclass(slots=True, eq=False)
class InitialiserName:
    """`normal`, `bilinear`: an initialiser that waits for its arguments."""

    cls: type[Initialiser]


@dataclass(slots=True, eq=False)
class Namespace:
    """`import "x.net" as name`."""

    name: str
    file: FileScope


@dataclass(slots=True, eq=False)
class Rest:
    """What `...args` collected."""

    positional: list[tuple[Any, Span]]
    named: dict[str, tuple[Any, Span]]


@dataclass(slots=True, eq=False)
class ClassIndices:
    """The word `class` in a target's declaration."""


@dataclass(slots=True, eq=False)
class Poison:
    """A name whose value follows from a mistake."""

    code: str = ""
    message: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Unfinished:
    """A `let` of a file while its value is found. `names` are all of these, each needed by the one before it."""

    names: list[str]

    def circle(self, name: str) -> list[str]:
        """How `name` comes to need itself, from it on to itself."""
        return [*self.names[self.names.index(name) :], name]


Block = Operator | Defined | Closure | Cut | Instance | Function
POISON = Poison()


def is_block(value: Any) -> bool:
    return isinstance(value, Block)


def is_flow(value: Any) -> bool:
    """A tensor, or a list of tensors and of such lists."""
    kind = type(value)
    return kind is Tensor or (kind is tuple and bool(value) and all(is_flow(x) for x in value))


def holds_tensor(value: Any) -> bool:
    """Whether a value flows, or is a list where one stands among numbers."""
    return type(value) is Tensor or (type(value) is tuple and any(holds_tensor(x) for x in value))


def is_scalar(value: Any) -> bool:
    """A number, text or truth value, traced or not, or an extent with symbols."""
    return isinstance(value, int | float | str | Affine) or value is None


def plain(value: Any) -> Any:
    """`value` without its trace."""
    kind = type(value)
    if kind is Number:
        return int(value)
    if kind is Flag:
        return bool(value)
    if kind is Real:
        return float(value)
    if kind is Word:
        return str(value)
    if kind is tuple or kind is Sequence:
        return tuple(plain(x) for x in value)
    return value


def rebound(value: Any, expr: Expr) -> Any:
    """`value` as that which `expr` names; the elements of a list are its `index`es."""
    if isinstance(value, tuple):
        if any(not is_scalar(x) and not isinstance(x, tuple) for x in value):
            return value
        parts = Sequence(rebound(x, Operation("index", (expr, Literal(i)))) for i, x in enumerate(value))
        parts.expr = expr
        return parts
    if type(value) is Affine or value is None:
        return value
    return traced(value, expr)


def is_literal(value: Any) -> bool:
    """Whether `value` depends on nothing."""
    return type(provenance(value)) is Literal


def reflow(flow: Any, source: Step | Region, part: tuple[int | str, ...] = ()) -> Any:
    """The same value as it is seen after `source`."""
    if type(flow) is Tensor:
        return Tensor(Ref(source, part), flow.value, flow.shape)
    if flow is None:
        return None
    return tuple(reflow(x, source, (*part, i)) for i, x in enumerate(flow))


def shape_of(flow: Any) -> Any:
    """The shape of a tensor, a list of shapes for a list."""
    return flow.shape if type(flow) is Tensor else [shape_of(x) for x in flow]


def tensors(flow: Any) -> list[Tensor]:
    """The tensors of a flow, in order."""
    return [flow] if type(flow) is Tensor else [t for x in flow for t in tensors(x)]


def describe(value: Any) -> str:
    """What a value is, for messages."""
    if type(value) is Tensor:
        return f"a value of {show_shape(value.shape)}"
    if isinstance(value, Operator):
        return f"the operator `{value.name}`"
    if isinstance(value, Function):
        return f"the function `{value.name}`"
    if isinstance(value, Defined):
        return f"the {value.declared.node.kind} `{value.name}`"
    if isinstance(value, Closure):
        return "a block"
    if isinstance(value, Instance):
        return f"the shared block `{value.name}`"
    if isinstance(value, Cut):
        return "a part of a net"
    if isinstance(value, Namespace):
        return f"the imported file `{value.name}`"
    if isinstance(value, Initialiser | InitialiserName):
        return "an initialiser"
    if isinstance(value, Affine):
        return f"the extent {value}"
    if isinstance(value, bool | Flag):
        return f"the truth value {show(bool(value))}"
    if isinstance(value, str):
        return f"the text {show(value)}"
    if isinstance(value, int | float):
        return f"the number {show(value)}"
    if isinstance(value, tuple):
        if holds_tensor(value):
            return f"a list of {len(value)} values"
        return f"the list {show(value)}" if len(value) <= 8 and not any(map(is_block, value)) else "a list"
    return "none" if value is None else "nothing that flows"


def block_key(value: Any) -> tuple[Any, ...]:
    """Equal for blocks that do the same; all values in it are plain."""
    if isinstance(value, Operator):
        return ("operator", value.name, _arguments_key(value.arguments))
    if isinstance(value, Function):
        return ("operator", value.name, None)
    if isinstance(value, Defined):
        return ("block", value.declared.site, _arguments_key(value.arguments))
    if isinstance(value, Closure):
        return ("inline", value.pipeline.span, tuple((n, _key(v)) for n, v in value.caught or ()))
    if isinstance(value, Cut):
        return (value.kind, block_key(value.net), value.labels)
    if isinstance(value, Instance):
        return ("shared", value.step.site)
    return ("value", value)


def _arguments_key(arguments: Arguments | None) -> tuple[Any, ...] | None:
    if arguments is None or not (arguments.positional or arguments.named):
        return None
    named = tuple((name, _key(value)) for name, (value, _) in sorted(arguments.named.items()))
    return tuple(_key(value) for value, _ in arguments.positional), named


def _key(value: Any) -> Any:
    if isinstance(value, Block):
        return block_key(value)
    if isinstance(value, tuple):
        return tuple(_key(x) for x in value)
    return plain(value)


def block_value(value: Any) -> BlockValue:
    """How the trace names a block that is an argument."""
    if isinstance(value, tuple):
        return BlockValue(f"[{', '.join(_text(x) for x in value)}]", tuple(_key(x) for x in value))
    return BlockValue(_text(value), block_key(value))


def _text(value: Any) -> str:
    if isinstance(value, Initialiser):
        return str(value)
    text = getattr(value, "text", "") or getattr(value, "name", "")
    return " ".join(str(text).split())
