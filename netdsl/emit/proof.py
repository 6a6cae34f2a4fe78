"""Proof that every call site of an emitted text is one of the graph's.

The text is read anew: each call of a function such as `conv_bn_relu` in a class's `forward`, and each FusedSequential,
in every instance of the class that the replay has built. What a call names must be a convolution of the graph, by its
path, and what the fusion pass found behind it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from netdsl.diagnostics import InternalError
from netdsl.emit.callsites import ACTIVATIONS, IMPORTED, SEQUENTIAL, CallSites
from netdsl.emit.settle import plain


class Claim(NamedTuple):
    """What a call site says that it computes: paths of modules, and an activation."""

    function: str
    conv: str
    norm: str | None
    slope: float | None


def prove(sites: CallSites, tree: ast.Module, instances: Mapping[str, Any], text: str) -> None:
    """Raises InternalError where a call site is none of the graph's; `instances` are stand-ins of modules by path."""
    own = {statement.name for statement in tree.body if isinstance(statement, ast.ClassDef | ast.FunctionDef)}
    names = IMPORTED - own
    true = set(_true(sites))
    forwards = {c.name: f for c in tree.body if isinstance(c, ast.ClassDef) for f in c.body if _is_forward(f)}
    for path, module in instances.items():
        kinds = [kind.__name__ for kind in type(module).__mro__]
        claims = _of_sequence(path, module) if SEQUENTIAL in kinds and SEQUENTIAL in names else iter(())
        if kinds[0] in forwards:
            claims = _of_forward(path, module, forwards[kinds[0]], names)
        for claim in claims:
            if claim not in true:
                raise InternalError(f"{sites.graph.name}: no call site of the graph is {claim}", text)


def _is_forward(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.FunctionDef) and statement.name == "forward"


def _true(sites: CallSites) -> Iterator[Claim]:
    """Every call site of the graph, and every beginning of one."""
    nodes = sites.graph.nodes
    for conv, follow in sites.follow.items():
        words, norm, slope = ["conv"], None, None
        for part, number in (("bn", follow.norm), ("add", follow.add), ("", follow.activation)):
            if number is None:
                continue
            call = nodes[number].op.module(*sites.graph.operand_shapes(nodes[number])) if part != "add" else None  # type: ignore[union-attr]
            if part == "bn":
                norm = nodes[number].owner
            elif call is not None:
                part = ACTIVATIONS.get(str(call.target), "")
                slope = plain(call.keywords.get("negative_slope"))
            words.append(part)
            yield Claim("_".join(words), nodes[conv].owner, norm, slope)


# ---------------------------------------------------------------------------------------------- what the text says


def _of_sequence(path: str, module: Any) -> Iterator[Claim]:
    """What a FusedSequential takes together: by the rule of netdsl.kernels, which reads the classes of its modules."""
    inner = f"{path}." if path else ""
    children = [(f"{inner}{name}", *child._call) for name, child in module._children.items()]
    while children:
        (conv, target, _, settings), *children = children
        if target != "nn.Conv2d" or settings.get("padding_mode", "zeros") != "zeros":
            continue
        words, norm, slope = ["conv"], None, None
        if children and children[0][1] == "nn.BatchNorm2d":
            norm, *_ = children.pop(0)
            words.append("bn")
        if children and children[0][1] in ACTIVATIONS:
            _, target, arguments, keywords = children.pop(0)
            words.append(ACTIVATIONS[target])
            slope = _slope(words[-1], [*arguments, *keywords.values()])
        if len(words) > 1:
            yield Claim("_".join(words), conv, norm, slope)


def _of_forward(path: str, module: Any, forward: Any, names: frozenset[str]) -> Iterator[Claim]:
    """The call sites in the text of `forward`, as they are in this instance."""
    turns = {
        n.target.id: n.iter for n in ast.walk(forward) if isinstance(n, ast.For) and isinstance(n.target, ast.Name)
    }

    def paths(expression: ast.expr) -> Iterable[str]:
        match expression:
            case ast.Name(id=name) if name in turns:
                return [inner for each in turns[name].elts for inner in paths(each)]  # type: ignore[attr-defined]
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                return [f"{path}.{name}" if path else name]
            case ast.Attribute(value=holder, attr=name):
                return [f"{outer}.{name}" for outer in paths(holder)]
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self")), args=[ast.Constant(value=str(name))]):
                return [f"{path}.{name}" if path else name]
        return []

    for call in _reached(forward.body, module):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in names):
            continue
        function = call.func.id
        given = [_constant(keyword.value, module) for keyword in call.keywords]
        slope = _slope("leaky_relu" if function.endswith("leaky_relu") else "", given)
        norms = paths(call.args[2]) if "_bn" in function else [None]
        for conv in paths(call.args[1]) or [""]:
            for norm in norms or [""]:
                yield Claim(function, conv, norm, slope)


def _reached(body: Iterable[ast.AST], module: Any) -> Iterator[ast.AST]:
    """All nodes of some statements but those in arms of an `if` that this instance does not take."""
    for node in body:
        if isinstance(node, ast.If):
            taken = _condition(node.test, module)
            yield from _reached(
                [*(node.body if taken is not False else ()), *(node.orelse if not taken else ())], module
            )
        else:
            yield node
            yield from _reached(ast.iter_child_nodes(node), module)


def _condition(test: ast.expr, module: Any) -> bool | None:
    """What an `if` asks of the instance; None where it asks for something else."""
    try:
        found = eval(compile(ast.Expression(test), "<forward>", "eval"), {"__builtins__": {}, "self": module})
    except NameError:
        return None
    return found if isinstance(found, bool) else None


def _slope(activation: str, given: list[Any]) -> float | None:
    if activation != "leaky_relu":
        return None
    return float(plain(given[0])) if given else 0.01


def _constant(expression: ast.expr, module: Any) -> Any:
    """A number in `forward`, or an attribute that the constructor set."""
    if isinstance(expression, ast.Attribute):
        return getattr(module, expression.attr)
    return ast.literal_eval(expression)
