"""What can be a container of its own: which parts of a template are plain sequences of modules."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator
from typing import Any

from netdsl.emit import python
from netdsl.emit.classes import inner_regions
from netdsl.emit.template import TApply, TChoice, TGroup, TInvoke, TJoin, TLet, TLoop, TRegion
from netdsl.expression import Expr, Literal, Operation
from netdsl.ops.op import Call, Helper, Op, OpError
from netdsl.scope import Region


def shapes(step: Any) -> tuple[Any, ...]:
    return tuple(t.shape for t in step.operands)


def is_attribute(name: str) -> bool:
    """Whether a module of this name can be written `self.name`; Python renames what begins with two underscores."""
    return name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("__")


def needs_module(step: TApply) -> bool:
    """Whether an operator is a module even where a function could stand: it has state, or no function does."""
    return bool(step.first.op.stateful) or step.codes[0] is None


LAYERS = frozenset(
    f"nn.{n}"
    for n in [
        "Conv1d",
        "Conv2d",
        "Conv3d",
        "ConvTranspose1d",
        "ConvTranspose2d",
        "ConvTranspose3d",
        "Linear",
        "BatchNorm1d",
        "BatchNorm2d",
        "BatchNorm3d",
        "GroupNorm",
        "LayerNorm",
        "PReLU",
        "Parameter",
    ]
)


def has_path(op: Op, shapes: tuple[Any, ...]) -> bool:
    """Whether a module has the path that the graph says, even where it is a number: it has weights or buffers, or is a
    layer of a kind that has them, such as a norm that learns nothing. Others may be named."""
    call = op.module(*shapes)
    return bool(op.weights(*shapes) or op.buffers(*shapes)) or (call is not None and call.target in LAYERS)


def module_calls(step: TApply) -> list[Call] | None:
    """The torch module of an operator in every instance, or None where it has none."""
    found = [c for c in step.calls if c is not None]
    if len(found) == len(step.calls):
        return found
    wrapper = _wrapper(step)
    return None if wrapper is None else [Call(wrapper)] * len(step.calls)


def _wrapper(step: TApply) -> Helper | None:
    """A module of our own for a function of one value that torch has no module for, such as `F.normalize(x)`."""
    first = step.first
    if len(first.operands) != 1 or any(s.op != first.op or _rank(s) != _rank(first) for s in step.occurrences):
        return None
    texts = [None if code is None else python.function_text(code, "x") for code in step.codes]
    text = texts[0]
    if text is None or any(other != text for other in texts):
        return None
    name = _wrapper_name(first.op, shapes(first)[0], text)
    source = f'''class {name}(nn.Module):
    """{first.op.label()}"""

    def forward(self, x: Tensor) -> Tensor:
        return {text}
'''
    return Helper(name, source)


def _wrapper_name(op: Op, shape: Any, text: str) -> str:
    """One name for one text: `Clamp(low = 0.5)` is `ClampLow0_5`; where the number of axes or the extents decide what
    the text is, the name says them."""
    name = ""
    for word in re.findall(r"[A-Za-z]+|[0-9][0-9.e-]*|-", op.label()):
        word = "Minus" if word == "-" else word.replace(".", "_").replace("-", "Minus")
        name += f"_{word}" if word[0].isdigit() and name[-1:].isdigit() else word[:1].upper() + word[1:]

    def alike(other: tuple[Any, ...]) -> bool:
        try:
            code = op.expr(other)
        except OpError:
            return False
        return code is not None and python.function_text(code, "x") == text

    if not all(alike((*shape[:i], 2 * shape[i], *shape[i + 1 :])) for i in range(len(shape))):
        return f"{name}Of{'x'.join(map(str, shape))}"
    return name if alike((*shape, 2)) else f"{name}{len(shape) - 1}d" if shape else f"{name}OfScalars"


def _rank(apply: Any) -> int:
    return len(apply.operands[0].shape)


def regions_of(step: Any) -> list[TRegion]:
    if isinstance(step, TGroup):
        return [step.region]
    if isinstance(step, TJoin):
        return [step.region]
    if isinstance(step, TLoop):
        return step.unrolled if step.unrolled is not None else [step.body] if step.body else []
    if isinstance(step, TChoice):
        return [arm for arm in step.arms if arm]
    return []


def is_sequence(step: Any) -> bool:
    """Whether a labelled container can be an nn.Sequential."""
    labelled = bool(step.first.name)
    return not isinstance(step, TJoin) and all(sequential(r, within=not labelled) for r in regions_of(step))


def sequential(region: TRegion, *, within: bool = False) -> bool:
    """Whether a region is nothing but modules through which one value flows; `within` a chain that is known to be."""
    if not (region.chain or within) or region.first.tensors:
        return False
    for step in region.steps:
        if isinstance(step, TApply):
            if step.first.share is not None or len(step.first.operands) != 1 or module_calls(step) is None:
                return False
        elif isinstance(step, TInvoke):
            if step.first.share is not None or step.first.region.tensors:
                return False
        elif isinstance(step, TGroup | TLoop | TChoice):
            if not is_sequence(step):
                return False
        elif not isinstance(step, TLet):
            return False
    return True


def has_labels(step: Any) -> bool:
    """Whether a container names its stages instead of numbering them."""
    return _named(regions_of(step)) or not _counted(inner_regions(step.first))


def has_labels_in(region: TRegion) -> bool:
    """Whether a chain names its stages instead of numbering them."""
    return _named([region]) or not _counted((region.first,))


def _named(regions: Iterable[TRegion]) -> bool:
    for step in (s for region in regions for s in region.steps):
        if isinstance(step, TApply | TInvoke | TGroup | TLoop | TChoice):
            if step.first.name and not str(step.first.name).isdigit():
                return True
            if not step.first.name and _named(regions_of(step)):
                return True
    return False


def _counted(regions: Iterable[Region]) -> bool:
    """Whether the numbers of a chain are 0, 1, 2 and so on; an author may also have written numbers as labels."""
    return all(name == str(i) for i, name in enumerate(_numbers(regions)))


def _numbers(regions: Iterable[Region]) -> Iterator[str]:
    for step in (s for region in regions for s in region.steps):
        if str(step.name).isdigit():
            yield str(step.name)
        elif not step.name:
            yield from _numbers(inner_regions(step))


def label_stem(name: Expr) -> str:
    if isinstance(name, Operation) and name.operands and isinstance(name.operands[0], Literal):
        return python.identifier(str(name.operands[0].value).rstrip("_0123456789") or "layers")
    return "layers"
