"""What emitted text may consist of: a second lock behind the escaping in `python`.

A netdsl text never runs code. Emitted modules are executed (by the replay, and by whoever imports them), so before that
their syntax tree is walked: only the statements and expressions that the emitter writes, only imports of what emitted
modules need (of netdsl, nothing but call sites), no private names, and of Python's own functions only those that can do
no harm. What an operator's helper brings along is code of ours or of a plugin, and keeps the same rules; a plugin's own
module may be imported.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable

from netdsl.emit.callsites import IMPORTED, MODULE

NODES: tuple[type[ast.AST], ...] = (
    *(ast.Module, ast.ClassDef, ast.FunctionDef, ast.arguments, ast.arg, ast.Import, ast.ImportFrom, ast.alias),
    *(ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return, ast.If, ast.For, ast.Raise, ast.Pass),
    *(ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Starred, ast.Constant, ast.JoinedStr, ast.FormattedValue),
    *(ast.Call, ast.keyword, ast.Tuple, ast.List, ast.ListComp, ast.GeneratorExp, ast.comprehension, ast.IfExp),
    *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare),
    *(ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop),
)
IMPORTS = frozenset({"torch", "torch.nn", "torch.nn.functional", "torchvision.ops", "math", "typing"})
HARMLESS = frozenset(
    (
        *("abs", "all", "any", "bool", "enumerate", "float", "int", "isinstance", "len", "list", "max", "min", "range"),
        *("reversed", "round", "staticmethod", "str", "sum", "super", "tuple", "zip", "ValueError"),
    )
)
FORBIDDEN = frozenset(dir(builtins)) - HARMLESS
_DUNDER = frozenset({"__init__", "__all__"})


def strangers(tree: ast.Module, plugins: Iterable[str] = ()) -> list[str]:
    """What does not belong into emitted text, in words; nothing where all is well.

    `plugins` are the modules that operators of plugins come from.
    """
    imports = IMPORTS | frozenset(plugins)
    return [word for node in ast.walk(tree) if (word := _stranger(node, imports))]


def _stranger(node: ast.AST, imports: frozenset[str]) -> str:
    if not isinstance(node, NODES):
        return f"a {type(node).__name__}"
    match node:
        case ast.Import(names=names) if any(a.name not in imports for a in names):
            return f"an import of {names[0].name}"
        case ast.ImportFrom(module=module, names=names, level=0) if module == MODULE:
            return next((f"an import of {a.name} from {MODULE}" for a in names if a.name not in IMPORTED), "")
        case ast.ImportFrom(module=module) if module not in imports or node.level:
            return f"an import from {module}"
        case ast.Name(id=name) if name in FORBIDDEN or (name.startswith("__") and name not in _DUNDER):
            return f"the name {name}"
        case ast.Attribute(attr=name) if name.startswith("_") and name.endswith("__") and name not in _DUNDER:
            return f"the attribute {name}"
    return ""
