"""Small faults that a programmer could have made: what may stand in the place of one piece of a function.

The classic operators: a comparison at or beyond its boundary, or turned round; arithmetic, `and` and `or`, `min` and
`max` exchanged; a condition that always or never holds; a number beside the right one; a truth turned; nothing
returned; a statement, a keyword or a `not` left out; two arguments exchanged. Texts stay as they are: what a message
says is judged by golden files.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Fault(NamedTuple):
    """`new` stands where a node stood; `before` and `after` are what a reader sees of the change."""

    new: ast.AST
    before: str
    after: str


def faults(node: ast.AST) -> Iterator[Fault]:
    """What may stand in the place of `node`, a node of a function's body."""
    for new in _others(node):
        yield Fault(new, _line(node), _line(new))
    match node:
        case ast.Call(function, arguments, keywords):
            match arguments:
                case [first, second, *rest] if _exchangeable(function, arguments):
                    exchanged = ast.Call(function, [second, first, *rest], keywords)
                    yield Fault(exchanged, f"{_line(first)}, {_line(second)}", f"{_line(second)}, {_line(first)}")
            for i, keyword in enumerate(keywords):
                if keyword.arg is not None:
                    fewer = ast.Call(function, arguments, keywords[:i] + keywords[i + 1 :])
                    yield Fault(fewer, _line(keyword), "")


def _others(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(left, ops, comparators):
            for i, op in enumerate(ops):
                for other in COMPARISONS[type(op)]:
                    yield ast.Compare(left, [*ops[:i], other(), *ops[i + 1 :]], comparators)
        case ast.BinOp(left, op, right) if type(op) in ARITHMETIC and not _text(left):
            yield ast.BinOp(left, ARITHMETIC[type(op)](), right)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value)):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.Constant(float(value)):
            yield ast.Constant(value + 1)
        case ast.Name(name, ast.Load()) if name in NAMES:
            yield ast.Name(NAMES[name], ast.Load())
        case ast.Return(value) if value is not None and not _nothing(value):
            yield ast.Return(ast.Constant(None))
        case ast.Expr(value) if not isinstance(value, ast.Constant | ast.Yield | ast.YieldFrom):
            yield ast.Pass()
        case ast.AugAssign() | ast.Continue() | ast.Break() | ast.Raise():
            yield ast.Pass()
        case ast.Assign([ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()


def conditions(node: ast.AST) -> Iterator[ast.expr]:
    """The conditions that `node` asks, each of which may always or never hold."""
    match node:
        case ast.If(test) | ast.IfExp(test) | ast.While(test):
            yield test
        case ast.comprehension(ifs=ifs):
            yield from ifs
        case ast.match_case(guard=ast.expr() as guard):
            yield guard


def decided(node: ast.AST, condition: ast.expr) -> Iterator[Fault]:
    """`condition`, asked by `node`, decided beforehand; a loop that never ends would tell nothing."""
    for value in (False,) if isinstance(node, ast.While) else (True, False):
        if not (isinstance(condition, ast.Constant) and condition.value is value):
            yield Fault(ast.Constant(value), _line(condition), str(value))


def _exchangeable(function: ast.expr, arguments: list[ast.expr]) -> bool:
    """Whether two arguments could be taken for one another; those of `isinstance` never are."""
    if isinstance(function, ast.Name) and function.id in ("isinstance", "issubclass", "getattr", "hasattr"):
        return False
    starred = any(isinstance(argument, ast.Starred) for argument in arguments)
    return not starred and ast.dump(arguments[0]) != ast.dump(arguments[1])


def _text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _nothing(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _line(node: ast.AST) -> str:
    return ast.unparse(node).strip().partition("\n")[0]
