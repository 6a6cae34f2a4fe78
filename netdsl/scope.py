"""How a graph came from its text: the structured trace that elaboration leaves beside the flat graph.

A *region* is what one pair of braces (or one definition) did once; its *steps* are in the order of the text. Control
stays visible: a `Loop` holds a region per iteration, a `Choice` the arm that was taken, an `Invoke` the region of the
called block. All instances of one definition therefore have steps that correspond position by position, and that is
what the emitted classes, folded diagrams and grouped tables are made of.

Values are referred to structurally. `Ref(step)` is what a step yields, `Ref(region)` what entered the region (`in`);
`part` picks an element of a list of values, or, on a block's region, the tensor given for a parameter.
All extents in `Tensor.shape`, and all attribute values of operators, may be traced (see `netdsl.expression`) over the
variables of the enclosing *frame*: the innermost region that becomes a class, that is the net's or an `Invoke`'s.
Aliases (definitions that are one call) and blocks applied in place leave no frame.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from netdsl.expression import Atom, Variable
from netdsl.ops.op import Op, Shape
from netdsl.source import Span


class Value(NamedTuple):
    """Output number `index` of node number `node` of the graph."""

    node: int
    index: int = 0  # type: ignore[assignment]  # a tuple has a method of that name


class Ref(NamedTuple):
    source: Step | Region
    part: tuple[int | str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value as the text sees it: where it comes from in the trace and in the graph, and its shape per sample."""

    ref: Ref
    value: Value
    shape: Shape


Flow: TypeAlias = "Tensor | tuple[Flow, ...]"


@dataclass(eq=False, slots=True)
class Region:
    """One run of a body. `chain` says that its modules are numbered like nn.Sequential's (see LANGUAGE: paths)."""

    site: Span
    entry: Flow | None  # inside: what `in` is; its refs are Ref(this region, ...)
    source: Flow | None  # outside: the value that entered
    tensors: dict[str, tuple[Flow, Flow]] = field(default_factory=dict)  # tensor parameter -> (inside, outside)
    steps: list[Step] = field(default_factory=list)
    result: Flow | None = None
    chain: bool = False
    # What the frame's or iteration's own atoms are worth here: parameters, lets, loop variables, entry extents,
    # and the extents of `After` and `Exit` for loops and calls among the steps.
    environment: dict[Atom, Any] = field(default_factory=dict)
    # In a block with `...args`: what each element was bound to in the end (`args.0` -> `out`).
    names: dict[Variable, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BlockValue:
    """A block given as an argument: `text` names it in comments (`bottleneck`, `avg_pool`)."""

    text: str
    key: tuple[Any, ...]  # equal for blocks that do the same


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a definition as its class will see it."""

    name: str
    site: Span  # of the name: Variable(name, site), or for a tensor Entry(site, axis)
    default: Any = None  # a plain value, where the text gives one that is a number, text or list of these
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """A block or a net; `site` is the whole definition and identifies it."""

    kind: str  # "block", "net", or "inline" for an argument pipeline or braces that became a class
    name: str
    parameters: tuple[Parameter, ...]
    doc: str
    site: Span
    head: str  # as the text declares it: `bottleneck(width, stride = 1)`


@dataclass(eq=False, slots=True)
class Step:
    """Something that happened. `name` is its path component inside the container it stands in (`conv1`, `0`;
    traced where the label is computed), empty where it adds none; `result` its outcome with refs to this step."""

    site: Span
    name: str
    result: Flow | None


@dataclass(eq=False, slots=True)
class Apply(Step):
    """An operator applied. Where the operator is stateful, `owner` is the module's full path."""

    node: int
    op: Op
    operands: tuple[Tensor, ...]
    owner: str = ""
    share: Share | None = None


@dataclass(eq=False, slots=True)
class Invoke(Step):
    """A block or net called: one instance of the class that its definition becomes."""

    definition: Definition
    region: Region
    arguments: dict[str, Any]  # parameter (or `args.0`, `args.stride` of a rest) -> value traced in the caller's frame
    blocks: dict[str, BlockValue]  # block-valued parameters
    specialisation: tuple[Any, ...] = ()  # what else tells classes apart: a cut label, values caught by a block
    share: Share | None = None


@dataclass(eq=False, slots=True)
class Loop(Step):
    """`repeat` (no variables), `for`, or `each` in a merge; `over` is the count, or the traced list of items."""

    kind: str
    variables: tuple[tuple[str, Span], ...]
    over: Any
    iterations: list[Region]
    source: Flow | None = None  # what entered; the only witness where there are no iterations


@dataclass(eq=False, slots=True)
class Choice(Step):
    """`if`. `arm` is 0 for then, 1 for else, None where no arm was taken; an `else if` is a Choice in arm 1."""

    condition: Any  # traced truth value
    arm: int | None
    region: Region | None
    source: Flow | None = None


@dataclass(eq=False, slots=True)
class Group(Step):
    """Bare braces. With a name it is a container module; without one it adds nothing."""

    region: Region


@dataclass(eq=False, slots=True)
class Join(Step):
    """A merge: branches (an `each` is a Loop among them) and the operator that takes their results in order."""

    entry: Region  # its steps are the branches: Group or Loop steps
    apply: Apply


@dataclass(eq=False, slots=True)
class Let(Step):
    """`let name = number`; a block-valued let leaves no step."""

    variable: str
    value: Any  # traced over the frame, not over itself


@dataclass(eq=False, slots=True)
class Bind(Step):
    """`x = pipeline`, `output y = ..`: the author's name for a value, worth keeping in code."""

    names: tuple[str, ...]
    value: Flow = ()


@dataclass(eq=False, slots=True)
class Share(Step):
    """`shared t = f(..)`: one instance. The uses are Invoke or Apply steps that name it as their `share`."""

    title: str
    uses: list[Step] = field(default_factory=list)
