"""Operators by torch's own layers: the `Call`s and `Template`s of their declarations, turned into what they mean.

It shares nothing with the emitter: no text of a call is ever printed, so that the two can be held against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache, partial
from types import CodeType
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netdsl.ops.op import ALL, Call, Helper, Op, Operand, Template

Function: TypeAlias = Callable[..., Any]

NAMES: dict[str, Any] = {"torch": torch, "F": F, "nn": nn, "Tensor": Tensor}


def compute(op: Op, shapes: tuple[Any, ...], operands: tuple[Any, ...], weights: Mapping[str, Tensor]) -> Any:
    """What `op` yields at inference: a tensor, or a list or tuple where it has several outputs.

    `shapes` are the operands' per sample; `weights` are named as the operator names them (`weight`, `running_var`),
    and only read.
    """
    if not op.called:
        return weights[""]
    if op.weights(*shapes) or op.buffers(*shapes):
        return torch.func.functional_call(_skeleton(op, shapes), dict(weights), operands, strict=True)
    code = op.expr(*shapes)
    return evaluate(code, operands) if code is not None else _skeleton(op, shapes)(*operands)


def bound(op: Op, shapes: tuple[Any, ...], weights: Mapping[str, Tensor]) -> Function:
    """What `compute` does, as a function of the operands that looks nothing up again."""
    if not op.called:
        return lambda: weights[""]
    if op.weights(*shapes) or op.buffers(*shapes):
        with torch.device("meta"):
            module = _constructed(op, shapes)
        held = set(module.state_dict())
        if any(name not in held for name, _ in module.named_buffers()):
            module = _constructed(op, shapes)
        module.load_state_dict(dict(weights), strict=True, assign=True)
        return module.eval()
    code = op.expr(*shapes)
    return _skeleton(op, shapes) if code is None else _function(code, len(shapes))


def _function(code: Any, count: int) -> Function:
    """`code` as a function of `count` operands: what `evaluate` makes of it, with its text compiled once."""
    match code:
        case Call(target, arguments, keywords):
            given = [_function(argument, count) for argument in arguments]
            named = {name: _function(value, count) for name, value in keywords.items()}
            if isinstance(target, Helper):
                function = helper(target)
            elif target.startswith("."):
                function = partial(_method, target[1:])
            else:
                function = eval(_compiled(target), dict(NAMES))
            return lambda *operands: function(
                *(f(*operands) for f in given), **{k: f(*operands) for k, f in named.items()}
            )
        case Template():
            names = [f"_{i}" for i in range(count)]
            scope = {**NAMES, **{k: helper(v) if isinstance(v, Helper) else v for k, v in code.values.items()}}
            return eval(_compiled(f"lambda {', '.join(names)}: {_text(code, count)}"), scope)  # type: ignore[no-any-return]
        case Operand(index):
            return (lambda *operands: operands) if index == ALL else (lambda *operands: operands[index])
        case tuple():
            parts = [_function(part, count) for part in code]
            return lambda *operands: tuple(part(*operands) for part in parts)
    value = helper(code) if isinstance(code, Helper) else code
    return lambda *operands: value


def _method(name: str, of: Any, *arguments: Any, **keywords: Any) -> Any:
    return getattr(of, name)(*arguments, **keywords)


def _text(code: Template, count: int) -> str:
    """The template as Python, its operands `_0`, `_1`."""
    text = code.text.replace("{*}", ", ".join(f"_{i}" for i in range(count)))
    text = re.sub(r"\{(\d+)\}", r"_\1", text)
    return re.sub(r"\{(\w+)\}", r"\1", text)


@lru_cache(maxsize=1024)
def _skeleton(op: Op, shapes: tuple[Any, ...]) -> nn.Module:
    """The operator's module in eval mode, without memory for what the state_dict holds."""
    with torch.device("meta"):
        module = _constructed(op, shapes)
    held = set(module.state_dict())
    if any(name not in held for name, _ in module.named_buffers()):  # a plugin's constants are worth their memory
        module = _constructed(op, shapes)
    return module.eval()


def _constructed(op: Op, shapes: tuple[Any, ...]) -> nn.Module:
    module = evaluate(op.module(*shapes))
    assert isinstance(module, nn.Module), f"`{op.name}` has no module"
    return module


def make(op: Op, shapes: tuple[Any, ...]) -> Any:
    """The operator's module (or parameter, which is called nothing) with its weights as they begin; None where it has
    none."""
    call = op.module(*shapes)
    if call is None:
        return None
    module = evaluate(call)
    for statement in op.setup(*shapes):
        evaluate(statement, module=module)
    return module


def evaluate(code: Any, operands: tuple[Any, ...] = (), **names: Any) -> Any:
    """The value of `code` on operands; `names` are those a template may use, such as `module`."""
    match code:
        case Call():
            arguments = [evaluate(a, operands, **names) for a in code.arguments]
            keywords = {k: evaluate(v, operands, **names) for k, v in code.keywords.items()}
            if isinstance(code.target, Helper):
                return helper(code.target)(*arguments, **keywords)
            if code.target.startswith("."):
                return getattr(arguments[0], code.target[1:])(*arguments[1:], **keywords)
            return eval(_compiled(code.target), dict(NAMES))(*arguments, **keywords)
        case Template():
            scope = {**NAMES, **names, **{f"_{i}": x for i, x in enumerate(operands)}}
            for name, value in code.values.items():
                scope[name] = helper(value) if isinstance(value, Helper) else value
            return eval(_compiled(_text(code, len(operands))), scope)
        case Operand(index):
            return operands if index == ALL else operands[index]
        case Helper():
            return helper(code)
        case tuple():
            return tuple(evaluate(c, operands, **names) for c in code)
    return code


@cache
def _compiled(text: str) -> CodeType:
    """`text` is a declaration's, never a user's: values stand in the scope, not in it."""
    return compile(text, "<operator>", "eval")


@cache
def helper(h: Helper) -> Any:
    """What the helper's source defines under its name."""
    scope = dict(NAMES)
    text = "from __future__ import annotations\n" + "\n".join(h.imports) + "\n" + h.source
    exec(compile(text, h.name, "exec"), scope)
    return scope[h.name]
