"""A tree on a few lines: each statement on one, braces indented."""

from __future__ import annotations

from netdsl.syntax import tree


def dump(file: tree.File) -> str:
    lines = [f"doc {file.doc!r}"]
    for item in file.items:
        match item:
            case tree.Definition(kind, name, parameters, body, doc):
                lines.append(f"{kind} {name.name}({', '.join(map(_parameter, parameters))}) doc {doc!r}")
                lines += _indented(_body(body) if isinstance(body, tree.Body) else [_show(body)])
            case tree.Import(path, alias):
                lines.append(f"import {_show(path)} as {alias.name if alias else '-'}")
            case _:
                lines.append(_show(item))
    return "\n".join(lines) + "\n"


def _indented(lines: list[str]) -> list[str]:
    return ["  " + line for line in lines]


def _body(body: tree.Body) -> list[str]:
    return [line for statement in body.statements for line in _show(statement).split("\n")]


def _parameter(parameter: tree.Parameter) -> str:
    default = f"={_show(parameter.default)}" if parameter.default is not None else ""
    return f"{'...' if parameter.rest else ''}{parameter.name.name}{default}"


def _names(names: tuple[tree.Name, ...]) -> str:
    return ",".join(name.name for name in names)


def _braces(body: tree.Body) -> str:
    return "{\n" + "\n".join(_indented(_body(body))) + "\n}"


def _show(node: object) -> str:
    match node:
        case tree.Name(name):
            return name
        case tree.In():
            return "in"
        case tree.Number(value) | tree.Boolean(value):
            return repr(value)
        case tree.Size(values):
            return "size" + repr(values)
        case tree.Text(parts):
            return "text<" + "|".join(repr(p) if isinstance(p, str) else _show(p) for p in parts) + ">"
        case tree.List(items):
            return "[" + " ".join(map(_show, items)) + "]"
        case tree.Comprehension(value, names, iterable):
            return f"[{_show(value)} for {_names(names)} in {_show(iterable)}]"
        case tree.Argument(name, value, spread):
            return f"{'...' if spread else ''}{name.name + '=' if name else ''}{_show(value)}"
        case tree.Call(callee, arguments):
            return f"{_show(callee)}({' '.join(map(_show, arguments))})"
        case tree.Slice(start, stop):
            return f"{_show(start) if start else ''}:{_show(stop) if stop else ''}"
        case tree.Index(value, indices):
            return f"{_show(value)}[{' '.join(map(_show, indices))}]"
        case tree.Attribute(value, name):
            return f"{_show(value)}.{name.name}"
        case tree.Unary(operator, operand):
            return f"<{operator} {_show(operand)}>"
        case tree.Binary(operator, left, right):
            return f"<{_show(left)} {operator} {_show(right)}>"
        case tree.Choose(condition, then, otherwise):
            return f"<{_show(condition)} ? {_show(then)} : {_show(otherwise)}>"
        case tree.Applied(pipeline):
            return f"applied({_show(pipeline)})"
        case tree.Merge(head, body):
            return f"merge {_show(head)} {_braces(body)}"
        case tree.Repeat(count, body):
            return f"repeat {_show(count)} {_braces(body)}"
        case tree.For(names, iterable, body) | tree.Each(names, iterable, body):
            return f"{type(node).__name__.lower()} {_names(names)} in {_show(iterable)} {_braces(body)}"
        case tree.If(condition, then, otherwise):
            rest = f" else {_show(otherwise)}" if otherwise else ""
            return f"if {_show(condition)} {_braces(then)}{rest}"
        case tree.Body():
            return _braces(node)
        case tree.Stage(label, unit, check):
            lead = f"{_show(label.text)}: " if label else ""
            return f"{lead}{_show(unit)}{' @ ' + _show(check) if check else ''}"
        case tree.Pipeline(stages):
            return "pipeline(" + " -> ".join(map(_show, stages)) + ")"
        case tree.Assign(names, pipeline):
            return f"{_names(names)} = {_show(pipeline)}"
        case tree.Shared(name, value) | tree.Let(name, value):
            return f"{type(node).__name__.lower()} {name.name} = {_show(value)}"
        case tree.Input(names, shape) | tree.Target(names, shape):
            return f"{type(node).__name__.lower()} {_names(names)}: {_show(shape)}"
        case tree.Output(marker, names, pipeline):
            lead = f"{marker.name} " if marker else ""
            return f"{lead}output {_names(names)} = {_show(pipeline) if pipeline else '-'}"
        case tree.Expect(condition):
            return f"expect {_show(condition)}"
    raise AssertionError(f"no dump of {node!r}")
