"""Operators added from Python.

    import netdsl
    from netdsl.ops.kinds import COUNT
    from netdsl.ops.op import Op, attr

    @netdsl.operator("py.routing", "capsules:Routing")
    class Routing(Op):
        '''Routing by agreement (Sabour et al., 2017).'''

        stateful = True
        classes: int = attr(COUNT, "output capsules")
        length: int = attr(COUNT, "numbers in each")

        def infer(self, x):
            return self.classes, self.length

        def weights(self, x):
            return {"weight": (x[0], self.classes, x[1], self.length)}

        def arguments(self, x):
            return x

A text then calls `py.routing(10, 16)`. Emitted code says `from capsules import Routing`: an `nn.Module` where the
operator is `stateful`, whose constructor gets `arguments` and then the attributes as keywords, else a function that
gets the inputs and then the attributes as keywords. Tensors have a batch axis; shapes, here as everywhere, do not.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable
from typing import Any, TypeVar

from netdsl.ops.op import Call, Helper, Op, Operand, OpError, attributes, register

T = TypeVar("T", bound=type[Op])
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def operator(name: str, target: str) -> Callable[[T], T]:
    """Register an operator, a subclass of `Op` that has `infer`, under `name`.

    `name` is `prefix.name`, or a prefix alone, which goes before the class's name in small letters. `target` says
    where emitted code finds it, `package.module:Name`.

    Raises ValueError where the name, the target or the class cannot be used.
    """

    def decorate(cls: T) -> T:
        prefix, _, rest = name.partition(".")
        full = f"{prefix}.{rest or re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '_', cls.__name__).lower()}"
        _check(cls, full, target)
        cls.name = full
        cls.family = prefix
        cls.infer = _reporting(cls.infer)  # type: ignore[method-assign]
        imported = _imported(target)
        if cls.module is Op.module and cls.expr is Op.expr:
            if cls.stateful:
                cls.module = _module(imported)  # type: ignore[method-assign]
            else:
                cls.expr = _expr(imported)  # type: ignore[method-assign]
        register(cls)
        return cls

    return decorate


def _check(cls: type[Op], name: str, target: str) -> None:
    prefix, _, rest = name.partition(".")
    if not (_NAME.fullmatch(prefix) and _NAME.fullmatch(rest)):
        raise ValueError(f"an operator of a plugin has a name such as py.routing, not {name!r}")
    module, _, found = target.partition(":")
    words = [*module.split("."), found]
    if not all(w.isidentifier() and not keyword.iskeyword(w) for w in words):
        raise ValueError(f"the target of {name} is package.module:Name, not {target!r}")
    if not issubclass(cls, Op):
        raise ValueError(f"{name} must be a subclass of netdsl.ops.op.Op")
    if cls.infer is Op.infer:
        raise ValueError(f"{name} must have infer, which gives the shape of its output")
    taken = [f.name for f in attributes(cls) if hasattr(Op, f.name)]
    if taken:
        raise ValueError(f"an attribute of {name} cannot be called {taken[0]}")


def _imported(target: str) -> Helper:
    module, _, found = target.partition(":")
    return Helper(found, "", (f"from {module} import {found}",))


def _settings(op: Op) -> dict[str, Any]:
    return {f.name: getattr(op, f.name) for f in attributes(type(op))}


def _module(imported: Helper) -> Callable[..., Call]:
    def module(self: Op, *shapes: Any) -> Call:
        arguments = getattr(self, "arguments", None)
        head = () if arguments is None else tuple(arguments(*shapes))
        return Call(imported, head, _settings(self))

    return module


def _expr(imported: Helper) -> Callable[..., Call]:
    def expr(self: Op, *shapes: Any) -> Call:
        return Call(imported, tuple(Operand(i) for i in range(len(shapes))), _settings(self))

    return expr


def _reporting(infer: Callable[..., Any]) -> Callable[..., Any]:
    """A mistake in a plugin's shape rule is the plugin's, not ours: it is reported at the call."""

    def reported(self: Op, *shapes: Any) -> Any:
        try:
            result = infer(self, *shapes)
        except OpError:
            raise
        except Exception as error:
            raise OpError(f"the shape rule of `{self.name}` failed: {type(error).__name__}: {error}") from error
        return result

    return reported
