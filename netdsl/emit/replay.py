"""Proof that emitted constructors rebuild the graph: they are run with a stand-in for torch.

The stand-in records which module was constructed under which path with which arguments. That must be exactly what
the graph's operators say: (path, constructor, arguments) of every module with state, and of norms that have none.
Call sites are proved in `proof`.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Iterable, Iterator
from typing import Any

from netdsl.diagnostics import InternalError
from netdsl.emit.allowed import strangers
from netdsl.emit.callsites import MODULE, NAMES, SEQUENTIAL, CallSites
from netdsl.emit.containers import LAYERS, has_path
from netdsl.emit.proof import prove
from netdsl.emit.settle import plain
from netdsl.graph import Graph
from netdsl.ops.op import Call


def replay(graph: Graph, text: str, name: str, plugins: Iterable[str] = (), sites: CallSites | None = None) -> None:
    """Build class `name` of the emitted `text` and compare; InternalError, with the text, where it differs.

    So it is where a call site in the text is none of `sites`.

    Nothing runs that `allowed` does not know; `plugins` are the modules that operators of plugins come from.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise InternalError(f"what was emitted for {graph.name} is not Python: {error}", text) from error
    strange = strangers(tree, plugins)
    if strange:
        raise InternalError(f"what was emitted for {graph.name} holds {strange[0]}", text)
    wanted = _wanted(graph)
    try:
        root = _root(tree, name)
    except Exception as error:
        raise InternalError(f"the emitted constructors of {graph.name} fail: {error!r}", text) from error
    modules = dict(_walk(root, ""))
    found = {path: _recorded(module) for path, module in modules.items()}
    for path, call in wanted.items():
        built = found.get(path)
        if built is None or _built(built, call) != _normal(call):
            raise InternalError(f"{graph.name}: `{path}` should be {_normal(call)}, but is {built}", text)
    stray = [p for p, call in found.items() if call[0] in LAYERS and not _within(p, wanted)]
    if stray:
        raise InternalError(f"{graph.name}: the emitted module has a stray `{stray[0]}`", text)
    prove(sites or CallSites(graph), tree, {"": root, **modules}, text)


def _within(path: str, wanted: dict[str, Any]) -> bool:
    """Whether the module at `path` is wanted, or is part of one that is: a helper such as SeparableConv2d has parts."""
    parts = path.split(".")
    return any(".".join(parts[:n]) in wanted for n in range(1, len(parts) + 1))


def _wanted(graph: Graph) -> dict[str, Call]:
    found = {}
    for node in graph.nodes:
        if node.op is None or not node.owner:
            continue
        call = node.op.module(*graph.operand_shapes(node))
        if call is not None and has_path(node.op, graph.operand_shapes(node)):
            found[node.owner] = call
    return found


def _normal(call: Call) -> tuple[Any, ...]:
    target = call.target if isinstance(call.target, str) else call.target.name
    arguments = tuple(_normal(a) if isinstance(a, Call) else plain(a) for a in call.arguments)
    keywords = {k: plain(v) for k, v in call.keywords.items() if not _default(call, k, v)}
    return target, arguments, keywords


def _built(found: tuple[Any, ...], call: Call) -> tuple[Any, ...]:
    """What was built, without the keywords that say no more than torch's defaults."""
    target, arguments, keywords = found
    return target, arguments, {k: v for k, v in keywords.items() if not _default(call, k, v)}


def _default(call: Call, name: str, value: Any) -> bool:
    return name in call.defaults and bool(plain(call.defaults[name]) == plain(value))


class _Anything:
    """Stands for whatever torch offers beside modules."""

    def __init__(self, path: str = "torch") -> None:
        self._path = path

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Anything(f"{self._path}.{name}")

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return _Value((self._path, arguments, keywords))

    def __or__(self, other: Any) -> _Anything:
        return self

    __ror__ = __or__


class _Value(_Anything):
    def __init__(self, call: Any) -> None:
        super().__init__("value")
        self._call = call

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Value(self._call)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self

    def _same(self, *_: Any) -> Any:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __getitem__ = _same


class _Module:
    def __new__(cls, *arguments: Any, **keywords: Any) -> Any:
        self = object.__new__(cls)
        object.__setattr__(self, "_children", {})
        object.__setattr__(self, "_call", (vars(cls).get("_target", cls.__name__), arguments, keywords))
        return self

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        pass

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, _Module) or (isinstance(value, _Value) and value._call[0] == "nn.Parameter"):
            self._children[name] = value
        object.__setattr__(self, name, value)

    def add_module(self, name: str, module: Any) -> None:
        self._children[name] = module

    def register_buffer(self, name: str, value: Any, persistent: bool = True) -> None:
        object.__setattr__(self, name, value)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        children = object.__getattribute__(self, "_children")
        return children[name] if name in children else _Value(("attribute", (), {}))

    def __getitem__(self, index: int) -> Any:
        return list(self._children.values())[index]


class _Sequential(_Module):
    def __init__(self, *modules: Any) -> None:
        for module in modules:
            self.append(module)

    def append(self, module: Any) -> Any:
        self._children[str(len(self._children))] = module
        return self


class _Foreign:
    """A module that a plugin's operators come from: whatever it offers may be a module class."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (_Module,), {"_target": name})


def _stand_in() -> types.SimpleNamespace:
    kinds: dict[str, Any] = {"Module": _Module, "Sequential": _Sequential}

    class Nn(types.SimpleNamespace):
        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            if name in ("functional", "init", "utils"):
                return _Anything(name)
            if name == "Parameter":
                return _Anything("nn.Parameter")
            if name not in kinds:
                kinds[name] = type(name, (_Module,), {"_target": f"nn.{name}"})
            return kinds[name]

    nn = Nn()
    torch = _Anything("torch")
    torch.nn = nn  # type: ignore[attr-defined]
    return types.SimpleNamespace(torch=torch, nn=nn)


def _root(tree: ast.Module, name: str) -> Any:
    """An instance of class `name`, made of stand-ins."""
    stand_in = _stand_in()

    def load(module: str, globals: Any = None, locals: Any = None, names: Any = (), level: int = 0) -> Any:
        if module.split(".")[0] == "torch":
            return stand_in.torch
        if module in ("math", "typing", "__future__", "collections.abc"):
            return __import__(module, globals, locals, names, level)
        if module == MODULE:
            calls = dict.fromkeys(NAMES, _Anything())
            return types.SimpleNamespace(**calls, **{SEQUENTIAL: type(SEQUENTIAL, (_Sequential,), {})})
        return _Foreign()

    import builtins

    scope: dict[str, Any] = {
        "__builtins__": {**vars(builtins), "__import__": load},
        "__name__": "replayed",
    }
    exec(compile(tree, f"<{name}>", "exec", dont_inherit=True), scope)
    return scope[name]()


def _walk(module: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every module inside another, with its path."""
    for name, child in getattr(module, "_children", {}).items():
        yield f"{path}{name}", child
        if isinstance(child, _Module):
            yield from _walk(child, f"{path}{name}.")


def _recorded(module: Any) -> tuple[Any, ...]:
    """How a module was constructed."""
    target, arguments, keywords = module._call
    return target, tuple(_value(a) for a in arguments), keywords


def _value(argument: Any) -> Any:
    if isinstance(argument, _Value):
        target, arguments, keywords = argument._call
        return target, tuple(_value(a) for a in arguments), keywords
    return argument
