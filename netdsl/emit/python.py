"""Python text: literals, expressions, identifiers, and lines that `ruff format` leaves alone.

Everything of the user's that reaches emitted code goes through here: numbers and strings through `literal`, names
through `identifier` or `class_name`, prose through `prose`.
"""

from __future__ import annotations

import builtins
import keyword
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from netdsl.expression import Atom, Expr, Literal, Operation
from netdsl.ops.op import Call, Operand, Template

WIDTH = 120
INDENT = "    "

# Names that a module of ours uses for itself; an author's name that equals one gets a trailing underscore.
TAKEN = frozenset({"torch", "nn", "F", "Tensor", "NamedTuple", "math", "self", "super", "tl", "triton", "aux"})
RESERVED = frozenset(keyword.kwlist) | frozenset(keyword.softkwlist) | frozenset(dir(builtins)) | TAKEN

_PRECEDENCE = {
    "choose": 0, "or": 1, "and": 2, "not": 3, "==": 4, "!=": 4, "<=": 4, ">=": 4, "<": 4, ">": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6, "neg": 7, "**": 8,
}  # fmt: skip
_ATOM = 9
_MATH = frozenset({"floor", "ceil", "sqrt"})


def literal(value: Any) -> str:
    """A number, truth value, string, None or tuple of these as Python text."""
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, int):
        return int.__repr__(value) if type(value).__repr__ is int.__repr__ else repr(value)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return f'float("{value}")'
        return float.__repr__(value)
    if isinstance(value, str):
        return string(value)
    if isinstance(value, tuple | list):
        return tuple_text([literal(x) for x in value])
    raise TypeError(f"no Python literal for {type(value).__name__}")


def string(text: str) -> str:
    """A string literal, in double quotes where that needs no escape."""
    plain = ascii(str(text))
    if plain[0] == "'" and '"' not in plain:
        return '"' + plain[1:-1].replace("\\'", "'") + '"'
    return plain


def prose(text: str) -> str:
    """Text that is safe inside a docstring or comment: no control characters, quotes or escapes that end it."""
    clean = "".join(c if c == "\n" or c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return clean.replace("\\", "\\\\").replace('"""', "'''")


def docstring(text: str, indent: int) -> list[str]:
    """A docstring; each paragraph is filled, unless it has lines that are indented."""
    margin = INDENT * indent
    clean = prose(text).strip()
    width = WIDTH - len(margin) - (4 if clean.startswith('"') else 3)
    if width - 3 < len(clean) <= width:  # it would fill its line, and the quotes that close it stand out
        width -= 3
    paragraphs = []
    for paragraph in clean.split("\n\n"):
        lines = paragraph.split("\n")
        as_is = any(line.startswith(" ") for line in lines)
        # Words stay whole: between two backslashes there is no place for a line to end.
        filled = textwrap.wrap(" ".join(lines), width, break_long_words=False)
        paragraphs.append(lines if as_is else filled or [""])
    lines = [line.rstrip() for paragraph in paragraphs for line in (*paragraph, "")][:-1]
    opening = '""" ' if lines[0].startswith('"') else '"""'
    lines[0] = f"{margin}{opening}{lines[0]}"
    lines[1:] = [f"{margin}{line}" if line else "" for line in lines[1:]]
    if len(lines) > 1:
        return [*lines, f'{margin}"""']
    space = " " if lines[0].endswith('"') and len(lines[0]) > len(margin) + 3 else ""
    return [f'{lines[0]}{space}"""']


def tuple_text(items: Sequence[str]) -> str:
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def expression(expr: Expr, atom: Callable[[Atom], str], least: int = 0) -> str:
    """`expr` as Python text; `atom` names its variables; parentheses where it binds weaker than `least`."""
    if type(expr) is Literal:
        text = literal(expr.value)
        return f"({text})" if text.startswith("-") and least > 7 else text
    if type(expr) is not Operation:
        return atom(expr)  # type: ignore[arg-type]
    level = _PRECEDENCE.get(expr.operator, _ATOM)
    text = _operation(expr, atom, level)
    return f"({text})" if level < least else text


def _operation(expr: Operation, atom: Callable[[Atom], str], level: int) -> str:
    operands = expr.operands
    match expr.operator:
        case "choose":
            condition, then, otherwise = operands
            parts = expression(then, atom, 1), expression(condition, atom, 1), expression(otherwise, atom)
            return "{} if {} else {}".format(*parts)
        case "not":
            return f"not {expression(operands[0], atom, level)}"
        case "neg":
            return f"-{expression(operands[0], atom, level)}"
        case "index":
            return f"{expression(operands[0], atom, _ATOM)}[{expression(operands[1], atom)}]"
        case "tuple":
            return tuple_text([expression(x, atom) for x in operands])
        case "format":
            return _formatted(operands, atom)
        case "**":
            base, power = expression(operands[0], atom, 9), expression(operands[1], atom, 7)
            hugs = all(re.fullmatch(r"-?[\w.]+", side) for side in (base, power))
            return f"{base}**{power}" if hugs else f"{base} ** {power}"
    if level == _ATOM:
        name = f"math.{expr.operator}" if expr.operator in _MATH else expr.operator
        strict = ", strict=True" if name == "zip" else ""
        return f"{name}({', '.join(expression(x, atom) for x in operands)}{strict})"
    # Comparisons do not chain in the language, and + and * group to the left.
    left = expression(operands[0], atom, level + (level == 4))
    right = expression(operands[1], atom, level + 1)
    return f"{left} {expr.operator} {right}"


def _formatted(parts: tuple[Expr, ...], atom: Callable[[Atom], str]) -> str:
    text = ""
    for part in parts:
        if type(part) is Literal:
            text += string(str(part.value))[1:-1].replace("{", "{{").replace("}", "}}")
        else:
            text += "{" + expression(part, atom) + "}"
    return f'f"{text}"'


def function_text(code: Any, operand: str) -> str | None:
    """Code that reads one value and nothing that varies, with that value's name in place; None for any other."""
    try:
        if isinstance(code, Template):
            values = {name: literal(value) for name, value in code.values.items()}
            return code.text.replace("{*}", operand).format(operand, **values)
        items = [function_text_of(a, operand) for a in code.arguments]
        keywords = [(k, v) for k, v in code.keywords.items() if k not in code.defaults or code.defaults[k] != v]
        items += [f"{k}={function_text_of(v, operand)}" for k, v in keywords]
        if not isinstance(code.target, str):
            return None
        if code.target.startswith("."):
            return f"{items[0]}{code.target}({', '.join(items[1:])})"
        return f"{code.target}({', '.join(items)})"
    except TypeError:
        return None


def function_text_of(value: Any, operand: str) -> str:
    if isinstance(value, Operand):
        return operand
    if isinstance(value, Call | Template):
        found = function_text(value, operand)
        if found is None:
            raise TypeError
        return found
    return literal(value)


# ------------------------------------------------------------------------------------------------ identifiers


def identifier(name: str, avoid: Iterable[str] = ()) -> str:
    """A legal Python name as near to `name` as can be, not reserved and not among `avoid`."""
    clean = re.sub(r"\W", "_", name, flags=re.ASCII) or "value"
    if clean.startswith("__"):  # Python would rename it inside a class
        clean = f"_{clean.lstrip('_')}"
    if clean == "_":
        clean = "value"
    if clean[0].isdigit():
        clean = f"_{clean}"
    if clean in RESERVED:
        clean += "_"
    taken, tried, n = set(avoid), clean, 1
    while tried in taken:
        n += 1
        tried = f"{clean}{n}" if not clean[-1].isdigit() else f"{clean}_{n}"
    return tried


def class_name(name: str, doc: str = "") -> str:
    """`se_bottleneck` -> `SeBottleneck`; where the doc spells a part otherwise (`ResNet`, `U-Net`), as it does."""
    spelled: dict[str, str] = {}
    for word in re.findall(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Z0-9][A-Za-z0-9]*)*", doc):
        for form in (word.replace("-", ""), word.split("-")[0]):
            if form[0].isupper():
                spelled.setdefault(form.lower(), form)
    parts = []
    for part in name.split("_"):
        letters = part.rstrip("0123456789")
        parts.append(
            spelled.get(part) or spelled.get(letters, letters[:1].upper() + letters[1:]) + part[len(letters) :]
        )
    joined = "".join(p if p else "_" for p in parts) or "Net"
    return joined if joined not in RESERVED and joined[0].isalpha() else f"Net{joined}"


# ------------------------------------------------------------------------------------------------------ lines


def bracketed(head: str, items: Sequence[str], tail: str, indent: int, *, explode: bool = False) -> list[str]:
    """`head` + items + `tail` as lines: one, or the items on a line of their own, or one item a line."""
    margin = INDENT * indent
    joined = ", ".join(items)
    whole = f"{margin}{head}{joined}{tail}"
    if not explode and (len(whole) <= WIDTH or not items):
        return [whole]
    inner = INDENT * (indent + 1)
    if not explode and len(inner) + len(joined) <= WIDTH:
        return [margin + head, inner + joined, margin + tail]
    lines = [margin + head]
    for item in items:
        lines += _item(f"{item},", indent + 1)
    return [*lines, margin + tail]


def _item(text: str, indent: int) -> list[str]:
    """One argument as lines: one that is too long and is arithmetic is split before its weakest operators."""
    margin = INDENT * indent
    if len(margin) + len(text) > WIDTH:
        for operators in ((" if ", " else "), (" or ",), (" and ",), (" + ", " - "), (" * ", " // ", " % ", " / ")):
            terms = _split_before(text, operators)
            if len(terms) > 1:
                return [margin + term for term in terms]
    return wrapped(text, indent)


def _split_before(text: str, operators: tuple[str, ...]) -> list[str]:
    """The parts of an expression, each but the first beginning with one of `operators`, outside all brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if depth == 0 and text.startswith(operators, i):
            parts.append(text[start:i])
            start = i + 1
    return [*parts, text[start:]]


def wrapped(text: str, indent: int) -> list[str]:
    """A statement as lines, split as ruff format splits it: at its last pair of brackets that makes it fit."""
    margin = INDENT * indent
    if len(margin) + len(text) <= WIDTH:
        return [margin + text]
    opened = _last_brackets(text)
    if opened is None:
        return _in_brackets(text, indent)
    start, end = opened
    items = split_items(text[start + 1 : end])
    display = text[start] in "[{" or not (start and (text[start - 1].isalnum() or text[start - 1] in "_)]"))
    return bracketed(text[: start + 1], items, text[end:], indent, explode=display and len(items) > 1)


def _in_brackets(text: str, indent: int) -> list[str]:
    """A sum of many names, `y = a + b + ..`, in brackets of its own: on one line, or a line for each."""
    terms = re.split(r" (?=[+-] )", text)
    begun = re.match(r"(?:return|[\w.]+ =) ", terms[0])
    if begun is None or len(terms) == 1:
        return [INDENT * indent + text]
    terms[0] = terms[0][begun.end() :]
    margin, inner = INDENT * indent, INDENT * (indent + 1)
    whole = inner + " ".join(terms)
    lines = [whole] if len(whole) <= WIDTH else [inner + term for term in terms]
    return [f"{margin}{begun[0]}(", *lines, f"{margin})"]


def _code(text: str) -> Iterator[tuple[int, str]]:
    """The characters of a line of code with their places, those inside strings left out."""
    quote = ""
    for i, c in enumerate(text):
        if quote:
            quote = "" if c == quote and text[i - 1] != "\\" else quote
        elif c in "\"'":
            quote = c
        else:
            yield i, c


def _last_brackets(text: str) -> tuple[int, int] | None:
    """The outermost bracket pair that ends latest."""
    depth, start, found = 0, 0, None
    for i, c in _code(text):
        if c in "([{":
            if depth == 0:
                start = i
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth == 0 and i - start > 1:
                found = start, i
    return found


def split_items(text: str) -> list[str]:
    """The top-level comma-separated parts of an argument list."""
    items, depth, start = [], 0, 0
    for i, c in _code(text):
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == "," and depth == 0:
            items.append(text[start:i].strip())
            start = i + 1
    items.append(text[start:].strip())
    return [item for item in items if item]


def speaks_of(text: str, name: str) -> bool:
    """Whether code uses `name` as a name of its own, not as a part of another or an attribute."""
    return re.search(rf"(?<![\w.\"]){name}\b(?!\")", text) is not None
