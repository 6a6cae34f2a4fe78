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
from typing import Any, ClassVar, TypeAlias, dataclass_transform

from netdsl.extent import Extent

Shape: TypeAlias = tuple[Extent, ...]


class Classes(tuple[Extent, ...]):
    """The shape of a tensor of class indices: `target label: class` is `Classes(())`, `class[H, W]` has two."""


class OpError(Exception):
    """A rule of an operator is broken. It knows no place: `attribute` or `input` says which part is at fault."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "N401",
        attribute: str | None = None,
        input: int | None = None,  # noqa: A002 - the word of the language
        help: str | None = None,  # noqa: A002
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

    `atom` is False where the text needs parentheses inside a larger expression.
    """

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)
    atom: bool = False


Code: TypeAlias = Call | Template


# --------------------------------------------------------------------------------------------------- operators


@dataclass_transform(kw_only_default=True, field_specifiers=(attr,))
class Op:
    """Base of all operators. A subclass names itself: `class Relu(Op, name="relu")`.

    Class attributes: `inputs`, how many it takes, (least, most), most None for any number; `family`, the file it
    stands in, its group in the reference; `example`, a stage or call in netdsl text for the reference and the tests,
    with `example_input`, the shape or shapes it is applied to.
    """

    name: ClassVar[str]
    inputs: ClassVar[tuple[int, int | None]] = (1, 1)
    example: ClassVar[str] = ""
    example_input: ClassVar[tuple[Any, ...]] = ((8, 16, 16),)
    # A module in emitted code even where `expr` would do: it has weights, or behaves otherwise in training.
    stateful: ClassVar[bool] = False
    # False for `parameter`, which emitted code reads as `self.p` and does not call.
    called: ClassVar[bool] = True

    def __init_subclass__(cls, *, name: str | None = None, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if name is None:  # a family's common part, itself no operator
            dataclass(frozen=True, kw_only=True)(cls)
            return
        cls.name = name
        dataclass(frozen=True, kw_only=True)(cls)
        register(cls)

    # What a subclass writes ------------------------------------------------------------------------------

    def infer(self, *shapes: Shape) -> Any:
        """The output's shape (a list of shapes where the operator returns several values), or OpError."""
        raise NotImplementedError

    def weights(self, *shapes: Shape) -> dict[str, Shape]:
        """Trained tensors: name in the module -> shape."""
        return {}

    def buffers(self, *shapes: Shape) -> dict[str, Shape]:
        """Tensors of the state_dict that are not trained: name -> shape."""
        return {}

    def macs(self, *shapes: Shape) -> Extent:
        """Multiply-accumulates of one sample: what FlopCounterMode counts, halved; zero but for conv, deconv,
        linear and matmul."""
        return 0

    def module(self, *shapes: Shape) -> Call | None:
        """The torch module that computes it, as a constructor call; None where there is none."""
        return None

    def expr(self, *shapes: Shape) -> Code | None:
        """Text that computes it without state; None where a module must."""
        return None

    def setup(self, *shapes: Shape) -> tuple[Template, ...]:
        """Statements after the module is made, `{module}` being its name: initialisers, frozen parameters."""
        return ()

    def receptive_field(self, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
        """Window extent and stride for each of `rank` spatial axes; None: all of the input (linear, global pools).

        The default, ones, is right for all that works point by point."""
        return (1,) * rank, (1,) * rank

    def label(self) -> str:
        """What a diagram prints: the name and the attributes that differ from their defaults."""
        parts = []
        for f in attributes(type(self)):
            value = getattr(self, f.name)
            if f.default is dataclasses.MISSING:
                parts.append(show(value))
            elif value != f.default:
                parts.append(f"{f.name} = {show(value)}")
        return f"{self.name}({', '.join(parts)})" if parts else self.name

    # What is derived ---------------------------------------------------------------------------------------

    def params(self, *shapes: Shape) -> int:
        """Number of trained scalars."""
        return sum(math.prod(int(e) for e in shape) for shape in self.weights(*shapes).values())  # type: ignore[arg-type]


OPS: dict[str, type[Op]] = {}


def register(cls: type[Op]) -> None:
    """Make `cls` known by its name. A name is taken once; names with a dot belong to plugins."""
    if cls.name in OPS and OPS[cls.name].__module__ != cls.__module__:
        raise ValueError(f"an operator named {cls.name} exists already")
    OPS[cls.name] = cls


def attributes(cls: type[Op]) -> tuple[dataclasses.Field[Any], ...]:
    """The attributes of an operator, in positional order (keyword-only ones last)."""
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]
    return tuple(sorted(fields, key=lambda f: bool(f.metadata.get("keyword"))))


def build(cls: type[Op], positional: tuple[Any, ...], named: Mapping[str, Any]) -> Op:
    """The operator with its attributes read and checked.

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
