"""What an operator is: one frozen class whose fields are its attributes, and a few short methods.

Everything else (argument checking, parameter count, label, code, reference page, random networks) is derived from
the class. Declarations name torch but never import it: `Call` and `Template` are data that the emitter prints.

Shapes are per sample: a tuple of extents, an extent being an int (perhaps a traced `Number`) or an `Affine` over
the symbols of an input such as `[3, H, W]`. A shape rule uses ordinary arithmetic, which both support.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import wraps
from typing import Any, ClassVar, TypeAlias, TypeVar, dataclass_transform

from netdsl.extent import Extent

Shape: TypeAlias = tuple[Extent, ...]
# Window and stride along each spatial axis.
Field: TypeAlias = tuple[tuple[int | Fraction, ...], tuple[int | Fraction, ...]]


class Classes(tuple[Extent, ...]):
    """The shape of a tensor of class indices: `target label: class` is `Classes(())`, `class[H, W]` has two."""


class Loss(tuple[Extent, ...]):
    """The shape, always `Loss(())`, of a number that belongs to the whole batch: what losses return.

    `()` itself is one number per sample. In arithmetic a Loss goes with anything; a net's loss that is not a Loss
    yet is meant over the batch by the emitter.
    """


class OpError(Exception):
    """A rule of an operator is broken. It knows no place: `attribute` or `input` says which part is at fault."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "N401",
        attribute: str | None = None,
        input: int | None = None,
        help: str | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.message, self.code, self.attribute, self.input = message, code, attribute, input
        self.help, self.notes = help, notes
        super().__init__(message)


# -------------------------------------------------------------------------------------------------- attributes


@dataclass(frozen=True, slots=True)
class Kind:
    """How an attribute's value is read: `read` gives it in its normal form or raises ValueError saying what is wanted.

    `text` is the phrase for messages and the reference (`a positive integer`); `samples` feed random tests;
    `annotation` is the Python type that emitted constructors print.
    """

    text: str
    read: Callable[[Any], Any]
    samples: tuple[Any, ...]
    annotation: str = "int"


def attr(kind: Kind, doc: str, *, default: Any = dataclasses.MISSING, keyword: bool = False) -> Any:
    """A field of an operator. `keyword` keeps it out of the positional order."""
    metadata = {"kind": kind, "doc": doc, "keyword": keyword}
    if default is dataclasses.MISSING:
        return field(metadata=metadata, kw_only=True)
    return field(default=default, metadata=metadata, kw_only=True)


# ------------------------------------------------------------------------------------------------ code as data


@dataclass(frozen=True, slots=True)
class Helper:
    """A function or class that emitted modules define for themselves; `source` is its whole text.

    `imports` are the lines it needs beyond `import torch`, `import torch.nn.functional as F` and
    `from torch import Tensor, nn`, which the emitter adds by use.
    """

    name: str
    source: str
    imports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operand:
    """Stands for input number `index` of the operator; `Operand(ALL)` for the tuple of all."""

    index: int


ALL = -1


@dataclass(frozen=True, slots=True)
class Call:
    """`target(*arguments, **keywords)`.

    Values are ints, floats, bools, strings, None, tuples of these (traced or not), `Operand`s or nested `Call`s.
    A keyword equal to its entry in `defaults` is not printed. A target that begins with a dot is a method of the
    first argument. Give every keyword: the emitter merges several instances and needs them all.
    """

    target: str | Helper
    arguments: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Template:
    """Text for what is no call: `{0} + {1}`, `{0}[:, {start}:{stop}]`. `{n}` is an operand, `{name}` a value.

    `{*}` is all operands, separated by commas. A value may also be a `Helper`, which prints as its name.
    `atom` is False where the text needs parentheses inside a larger expression.
    """

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)
    atom: bool = False


Code: TypeAlias = Call | Template


# --------------------------------------------------------------------------------------------------- operators


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(attr,))
class Declared:
    """A name with typed attributes: an operator or an initialiser. A frozen dataclass.

    The methods that `dataclass` would write, and compile, for each class are written here once: a hundred operators
    would take 70 ms to import.
    """

    name: ClassVar[str]
    _attributes: ClassVar[tuple[dataclasses.Field[Any], ...]] = ()
    _names: ClassVar[set[str]] = set()
    _defaults: ClassVar[dict[str, Any]] = {}

    def __init__(self, **values: Any) -> None:
        held = self.__dict__
        held.update(self._defaults)
        held.update(values)
        if held.keys() != self._names:
            raise TypeError(f"{type(self).__name__} has the attributes {sorted(self._names)}, not {sorted(held)}")

    def __setattr__(self, name: str, value: Any) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot assign to {name}")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.__dict__ == self.__dict__

    def __hash__(self) -> int:
        return hash((type(self), frozenset(self.__dict__.items())))

    def __repr__(self) -> str:
        return f"<{self.label()}>"

    def label(self) -> str:
        """The name and the attributes that differ from their defaults: what a diagram prints."""
        parts = []
        for f in attributes(type(self)):
            value = getattr(self, f.name)
            if f.default is dataclasses.MISSING:
                parts.append(show(value))
            elif value != f.default:
                parts.append(f"{f.name} = {show(value)}")
        return f"{self.name}({', '.join(parts)})" if parts else self.name


def declare(cls: type[Declared], name: str | None) -> None:
    """Make `cls` a frozen class of attributes, and give it its name."""
    if name is not None:
        cls.name = name
    dataclass(init=False, repr=False, eq=False, kw_only=True)(cls)
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]
    cls._attributes = tuple(sorted(fields, key=lambda f: bool(f.metadata.get("keyword"))))
    cls._names = {f.name for f in fields}
    cls._defaults = {f.name: f.default for f in fields if f.default is not dataclasses.MISSING}


class Op(Declared):
    """Base of all operators. A subclass names itself: `class Relu(Op, name="relu")`.

    Class attributes: `inputs`, how many it takes, (least, most), most None for any number; `family`, the file it
    stands in, its group in the reference; `example`, a pipeline in netdsl text for the reference and the tests, with
    `example_input`, the shapes of the values that it calls `x`, `y`, `z` (`x` where it names none).
    """

    family: ClassVar[str]
    inputs: ClassVar[tuple[int, int | None]] = (1, 1)
    # Names by which inputs may be given, in order, where they have some: `noise(like = mean)`.
    operands: ClassVar[tuple[str, ...]] = ()
    # Which inputs are class indices, and must be; None where the operator looks for itself.
    class_inputs: ClassVar[tuple[int, ...] | None] = ()
    example: ClassVar[str] = ""
    example_input: ClassVar[tuple[Any, ...]] = ((8, 16, 16),)
    # A module in emitted code even where `expr` would do: it has weights, or behaves otherwise in training.
    stateful: ClassVar[bool] = False
    # False for `parameter`, which emitted code reads as `self.p` and does not call.
    called: ClassVar[bool] = True

    def __init_subclass__(cls, *, name: str | None = None, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if "infer" in vars(cls):
            cls.infer = _guarded(cls.infer)  # type: ignore[method-assign]
        cls.family = cls.__module__.rpartition(".")[2]
        declare(cls, name)
        if name is not None:  # else a family's common part, itself no operator
            register(cls)

    # What a subclass writes ------------------------------------------------------------------------------
    # The shapes of the inputs come as positional arguments. (Declared so that an override may name them.)

    def infer(self, *shapes: Any, **_: Any) -> Any:
        """The output's shape (a list of shapes where the operator returns several values), or OpError.

        The number of inputs, class indices and the limits of the output need no check: `_guarded` does that.
        """
        raise NotImplementedError

    def weights(self, *shapes: Any, **_: Any) -> dict[str, Shape]:
        """Trained tensors: name in the module -> shape."""
        return {}

    def buffers(self, *shapes: Any, **_: Any) -> dict[str, Shape]:
        """Tensors of the state_dict that are not trained: name -> shape."""
        return {}

    def macs(self, *shapes: Any, **_: Any) -> Extent:
        """Multiply-accumulates of one sample: what FlopCounterMode counts, halved; zero but for conv, deconv,
        linear and matmul."""
        return 0

    def module(self, *shapes: Any, **_: Any) -> Call | None:
        """The torch module that computes it, as a constructor call; None where there is none."""
        return None

    def expr(self, *shapes: Any, **_: Any) -> Code | None:
        """Text that computes it without state; None where a module must."""
        return None

    def setup(self, *shapes: Any, **_: Any) -> tuple[Template, ...]:
        """Statements after the module is made, `{module}` being its name: initialisers, frozen parameters."""
        return ()

    def receptive_field(self, rank: int) -> Field | None:
        """Window extent and stride for each of `rank` spatial axes; None: all of the input (linear, global pools).

        The default, ones, is right for all that works point by point. What enlarges by s has the stride 1/s, and a
        window in points of its input: a deconvolution's is kernel/s."""
        return (1,) * rank, (1,) * rank

    # What is derived ---------------------------------------------------------------------------------------

    def scalars(self, *shapes: Shape) -> int:
        """Number of scalars in the weights, trained or frozen."""
        found: dict[str, Any] = self.weights(*shapes)
        return sum(math.prod(int(e) for e in shape) for shape in found.values())

    def params(self, *shapes: Shape) -> int:
        """Number of trained scalars: none where the attribute `frozen` is set."""
        return 0 if getattr(self, "frozen", False) else self.scalars(*shapes)


LARGEST_EXTENT = 2**20
LARGEST_SIZE = 2**31 - 1
MOST_AXES = 16


def _guarded(infer: Callable[..., Any]) -> Callable[..., Any]:
    """`infer` with what holds for all operators checked around it."""

    @wraps(infer)
    def checked(self: Op, *shapes: Shape) -> Any:
        _check_inputs(self, shapes)
        result = infer(self, *shapes)
        for shape in result if isinstance(result, list) else (result,):
            _check_limits(self, shape)
        return result

    return checked


def _check_inputs(op: Op, shapes: tuple[Any, ...]) -> None:
    least, most = op.inputs
    if len(shapes) < least or (most is not None and len(shapes) > most):
        bound = f"{least}" if least == most else f"at least {least}" if len(shapes) < least else f"at most {most}"
        noun = "input" if (most if len(shapes) > least else least) == 1 else "inputs"
        raise OpError(f"`{op.name}` takes {bound} {noun}, not {len(shapes)}", code="N403")
    for i, shape in enumerate(shapes):
        if isinstance(shape, list):
            raise OpError(
                f"`{op.name}` takes single values, not a list of {len(shape)}",
                code="N403",
                input=i,
                help="unpack the list first: `a, b = ...`",
            )
        if op.class_inputs is not None and isinstance(shape, Classes) != (i in op.class_inputs):
            if i in op.class_inputs:
                raise OpError(
                    f"`{op.name}` needs class indices here, not {show_shape(shape)}",
                    code="N415",
                    input=i,
                    help="declare the target as `class` or `class[H, W]`",
                )
            raise OpError(
                f"`{op.name}` computes with numbers, and these are class indices, {show_shape(shape)}",
                code="N415",
                input=i,
                help="turn them into numbers with `one_hot(classes)`",
            )


def _check_limits(op: Op, shape: Shape) -> None:
    if len(shape) > MOST_AXES:
        raise OpError(f"`{op.name}`'s output would have {len(shape)} axes; the limit is {MOST_AXES}", code="N410")
    size = 1
    for axis, extent in enumerate(shape):
        if not isinstance(extent, int):
            continue
        if extent < 1:
            raise OpError(f"axis {axis} of `{op.name}`'s output would be {extent}", code="N411")
        if extent > LARGEST_EXTENT:
            raise OpError(
                f"axis {axis} of `{op.name}`'s output would be {extent}; the limit is {LARGEST_EXTENT}", code="N410"
            )
        size *= int(extent)
    if size > LARGEST_SIZE:
        raise OpError(
            f"`{op.name}`'s output, {show_shape(shape)}, would hold {size} numbers; the limit is {LARGEST_SIZE}",
            code="N410",
        )


OPS: dict[str, type[Op]] = {}


def register(cls: type[Op]) -> None:
    """Make `cls` known by its name. A name is taken once; names with a dot belong to plugins."""
    if cls.name in OPS and OPS[cls.name].__module__ != cls.__module__:
        raise ValueError(f"an operator named {cls.name} exists already")
    OPS[cls.name] = cls


D = TypeVar("D", bound=Declared)


def attributes(cls: type[Declared]) -> tuple[dataclasses.Field[Any], ...]:
    """The attributes of an operator or initialiser, in positional order (keyword-only ones last)."""
    return cls._attributes


def build(cls: type[D], positional: tuple[Any, ...], named: Mapping[str, Any]) -> D:
    """The operator (or initialiser) with its attributes read and checked.

    Raises OpError with `attribute` set to the name, or to `#i` for positional argument i where it has none.
    """
    declared = attributes(cls)
    order = [f for f in declared if not f.metadata.get("keyword")]
    if len(positional) > len(order):
        raise OpError(
            f"`{cls.name}` takes at most {len(order)} positional arguments, not {len(positional)}",
            code="N203",
            attribute=f"#{len(order)}",
            help=f"its attributes are {', '.join(f'`{f.name}`' for f in declared)}" if declared else None,
        )
    given = {f.name: value for f, value in zip(order, positional, strict=False)}
    known = {f.name: f for f in declared}
    for name, value in named.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, 1, 0.5)
            names = ", ".join(f"`{n}`" for n in known)
            raise OpError(
                f"`{cls.name}` has no attribute `{name}`",
                code="N202",
                attribute=name,
                help=f"did you mean `{close[0]}`?" if close else f"its attributes are {names}" if names else None,
            )
        if name in given:
            raise OpError(f"`{name}` is given twice", code="N204", attribute=name)
        given[name] = value
    values: dict[str, Any] = {}
    for f in declared:
        if f.name not in given:
            if f.default is dataclasses.MISSING:
                raise OpError(f"`{cls.name}` needs `{f.name}`: {f.metadata['doc']}", code="N205")
            continue
        kind: Kind = f.metadata["kind"]
        try:
            values[f.name] = kind.read(given[f.name])
        except ValueError as error:
            wanted = str(error) or f"`{f.name}` of `{cls.name}` is {kind.text}, not {show(given[f.name])}"
            raise OpError(wanted, code="N402", attribute=f.name) from None
    return cls(**values)


def show(value: Any) -> str:
    """A value as netdsl text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(show(x) for x in value) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if value is None:
        return "none"
    return str(value)


def show_shape(shape: Any) -> str:
    """`64×56×56`; a scalar is `scalar`, class indices `class[56, 56]`."""
    if isinstance(shape, list):
        return "[" + ", ".join(show_shape(s) for s in shape) + "]"
    if isinstance(shape, Classes):
        return "class" + (f"[{', '.join(map(str, shape))}]" if shape else "")
    return "×".join(str(e) if isinstance(e, int) or str(e).isidentifier() else f"({e})" for e in shape) or "scalar"
