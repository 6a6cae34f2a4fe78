"""Calls: evaluating arguments, and binding them to the parameters of a definition."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netdsl.expression import FUNCTIONS, Flag, Number, operation, provenance
from netdsl.extent import Affine
from netdsl.ops.op import OPS, OpError, build
from netdsl.scope import Region
from netdsl.source import Span
from netdsl.syntax import tree
from netdsl.syntax.elaborate import arithmetic, operators
from netdsl.syntax.elaborate import evaluate as evaluation
from netdsl.syntax.elaborate.context import Context, Frame
from netdsl.syntax.elaborate.limits import LONGEST_LIST, bounded
from netdsl.syntax.elaborate.locate import locate
from netdsl.syntax.elaborate.paths import Container, Plan
from netdsl.syntax.elaborate.report import Poisoned
from netdsl.syntax.elaborate.scopes import MISSING, Declared, FileScope, Scope, close
from netdsl.syntax.elaborate.values import (
    Arguments,
    Cut,
    CutMaker,
    Defined,
    Function,
    InitialiserName,
    Operator,
    Rest,
    describe,
    is_flow,
    is_scalar,
    plain,
    rebound,
)
from netdsl.syntax.elaborate.wording import unknown_prefix


def call(expr: tree.Call, context: Context, *, waits: bool = False, name: Any = None) -> Any:
    """The value of `callee(arguments)`: a number, or a block that waits for its input.

    An operator whose leading argument is a value that flows is applied at once, unless the call stands after an
    arrow (`waits`); `name` is then the path component of its weights.
    """
    callee = _callee(expr.callee, context)
    kind = type(callee)
    if kind is CutMaker:
        return _cut(callee, expr, context)
    arguments = arguments_of(expr, context)
    if kind is InitialiserName:
        return _initialiser(callee, arguments, context)
    if kind is Function:
        on_numbers = not (waits or arguments.named or _has_tensor(arguments))  # those take nothing by name
        if on_numbers or callee.operator is None:
            return _function(callee, arguments, expr, context)
        callee, kind = callee.operator, Operator
    if kind is Operator:
        if callee.arguments is not None:
            raise _called_twice(callee, expr, context)
        block = Operator(callee.cls, arguments, _text(expr))
        if not waits and (callee.cls.inputs == (0, 0) or _has_tensor(arguments)):
            return operators.apply(context, block, None, expr.span, name).result
        return block
    if kind is Defined:
        if callee.arguments is not None:
            raise _called_twice(callee, expr, context)
        return Defined(callee.declared, arguments, _text(expr))
    if is_flow(callee):
        raise context.report.error(
            "N308", f"`{expr.callee.span.text}` is a value that flows, and cannot be called", expr.callee.span
        )
    if is_scalar(callee) or isinstance(callee, tuple):
        raise context.report.error(
            "N308", f"`{expr.callee.span.text}` is {describe(callee)}, and cannot be called", expr.callee.span
        )
    if not (arguments.positional or arguments.named):
        return callee
    raise _called_twice(callee, expr, context)


def _text(expr: tree.Call) -> str:
    return expr.span.text


def _callee(expr: tree.Expr, context: Context) -> Any:
    return evaluation.evaluate(expr, context)


def plugin(expr: tree.Attribute, context: Context) -> Operator | None:
    """`py.routing`: an operator with a prefix."""
    base = expr.value
    if type(base) is not tree.Name or context.scope.find(base.name) is not MISSING:
        return None
    name = f"{base.name}.{expr.name.name}"
    if name in OPS:
        return Operator(OPS[name], None, name)
    prefix = base.name + "."
    members = [known for known in OPS if known.startswith(prefix)]
    if not members:
        raise unknown_prefix(context.report, base, close(base.name, context.scope.known()))
    near = close(name, members)
    raise context.report.error(
        "N201",
        f"`{base.name}` has no operator `{expr.name.name}`",
        expr.name.span,
        "not known",
        help=f"did you mean `{near}`?" if near else f"it has {', '.join(f'`{m}`' for m in sorted(members))}",
    )


def _called_twice(callee: Any, expr: tree.Call, context: Context) -> Poisoned:
    return context.report.error(
        "N203",
        f"`{expr.callee.span.text}` has its arguments already",
        expr.span,
        "called again",
        notes=(f"it is `{getattr(callee, 'text', '') or describe(callee)}`",),
    )


def _has_tensor(arguments: Arguments) -> bool:
    """Whether the leading argument is a value that flows, or one is given by name."""
    first = arguments.positional
    if first and arithmetic.is_tensor(first[0][0]):
        return True
    return any(arithmetic.is_tensor(value) for value, _ in arguments.named.values())


def arguments_of(expr: tree.Call, context: Context) -> Arguments:
    """The arguments, evaluated; all of them, so that each mistake is found."""
    positional: list[tuple[Any, Span]] = []
    named: dict[str, tuple[Any, Span]] = {}
    spread = failed = False
    for argument in expr.arguments:
        try:
            value = evaluation.evaluate(argument.value, context)
        except Poisoned:
            failed = True
            continue
        if argument.spread:
            spread = True
            failed |= not _spread(value, argument, positional, named, context)
        elif argument.name is None:
            if named:
                context.report.error(
                    "N204", "an argument without a name cannot follow one with a name", argument.span, "has no name"
                )
                failed = True
            positional.append((value, argument.span))
        elif argument.name.name in named:
            context.report.error("N204", f"`{argument.name.name}` is given twice", argument.span, "the second time")
            failed = True
        else:
            named[argument.name.name] = (value, argument.span)
    if failed:
        raise Poisoned
    return Arguments(positional, named, expr.span, spread)


def _spread(
    value: Any,
    argument: tree.Argument,
    positional: list[tuple[Any, Span]],
    named: dict[str, tuple[Any, Span]],
    context: Context,
) -> bool:
    """Add what `...args` collected; whether that went well."""
    span = argument.span
    if type(value) is Rest:
        positional += value.positional
        for name, given in value.named.items():
            if name in named:
                context.report.error("N204", f"`{name}` is given twice: here, and through `{span.text}`", given[1])
                return False
            named[name] = given
        return True
    if isinstance(value, tuple):
        positional += [(x, span) for x in value]
        return True
    context.report.error("N312", f"`...` spreads a list or what `...args` collected, not {describe(value)}", span)
    return False


# -------------------------------------------------------------------------------------------- functions of numbers


def _function(function: Function, arguments: Arguments, expr: tree.Call, context: Context) -> Any:
    name = function.name
    if arguments.named:
        given, (_, span) = next(iter(arguments.named.items()))
        raise context.report.error("N202", f"`{name}` takes no argument by name", span, f"`{given}`")
    values = [value for value, _ in arguments.positional]
    for value, span in arguments.positional:
        if isinstance(value, Affine):
            if name in ("int", "min", "max", "abs", "range", "sum", "round", "floor", "ceil", "float", "sqrt"):
                if name == "int":
                    return value
                raise evaluation.symbolic(span, f"`{name}`", str(value), context)
        elif not (is_scalar(value) or (isinstance(value, tuple) and not is_flow(value))):
            raise context.report.error("N312", f"`{name}` takes numbers and lists, not {describe(value)}", span)
    if name == "range":
        _check_range(values, expr, context)
    try:
        result = FUNCTIONS[name](*(plain(v) if name in _ON_NUMBERS else v for v in values))
    except (TypeError, ValueError, OverflowError, ArithmeticError) as error:
        reason = str(error)
        raise context.report.error(
            "N314", f"`{name}` does not work on {_listed(values)}", expr.span, notes=(reason,) if reason else ()
        ) from None
    bounded(result, expr.span, context.report)
    return rebound(plain(result), operation(name, *(provenance(v) for v in values)))


_ON_NUMBERS = frozenset(("min", "max", "sum", "abs", "int", "float", "round", "floor", "ceil", "sqrt", "len", "range"))


def _listed(values: list[Any]) -> str:
    return " and ".join(describe(v) for v in values) if values else "nothing"


def _check_range(values: list[Any], expr: tree.Call, context: Context) -> None:
    """A range is refused before it is made."""
    if (
        not 1 <= len(values) <= 3
        or not all(isinstance(v, int) for v in values)
        or (len(values) == 3 and values[2] == 0)
    ):
        return
    count = len(range(*(int(v) for v in values)))
    if count > LONGEST_LIST:
        raise context.report.error(
            "N614", f"the list would have {count} elements; the limit is {LONGEST_LIST}", expr.span, "too long"
        )


def _initialiser(name: InitialiserName, arguments: Arguments, context: Context) -> Any:
    try:
        return build(
            name.cls,
            tuple(operators.attribute_value(value, span, name.cls, context) for value, span in arguments.positional),
            {
                key: operators.attribute_value(value, span, name.cls, context)
                for key, (value, span) in arguments.named.items()
            },
        )
    except OpError as error:
        context.report.add(locate(error, operators.spans_of(name.cls, arguments)))
        raise Poisoned from None


def _cut(maker: CutMaker, expr: tree.Call, context: Context) -> Cut:
    """`upto(net, "label")`, `upto(net, ["a", "b"])`, `from(net, "label")`."""
    arguments = arguments_of(expr, context)
    values = [value for value, _ in arguments.positional]
    if len(values) != 2 or arguments.named:
        raise context.report.error(
            "N203", f"`{maker.name}` takes a net and a label", expr.span, help=f'write `{maker.name}(net, "label")`'
        )
    net, labels = values
    if not isinstance(net, Defined):
        raise context.report.error(
            "N312", f"`{maker.name}` takes a net, not {describe(net)}", arguments.positional[0][1], describe(net)
        )
    single = isinstance(labels, str)
    wanted = (labels,) if single else labels
    if not isinstance(wanted, tuple) or not wanted or not all(isinstance(x, str) for x in wanted):
        raise context.report.error(
            "N312", f"`{maker.name}` takes a label, a text, not {describe(labels)}", arguments.positional[1][1]
        )
    if maker.name == "from" and not single:
        raise context.report.error("N312", "`from` takes one label", arguments.positional[1][1])
    return Cut(net, maker.name, tuple(str(x) for x in wanted), single, expr.span, expr.span.text)


def show_part(value: Any) -> str:
    """A value inside a computed text."""
    if isinstance(value, bool | Flag):
        return "true" if value else "false"
    if isinstance(value, Number):
        return str(int(value))
    return str(value)


# ------------------------------------------------------------------------------------------------------- binding


def distinct(parameters: Iterable[tree.Parameter]) -> list[tree.Parameter]:
    """The first parameter of each name: that there are two of one has been reported."""
    found: dict[str, tree.Parameter] = {}
    for parameter in parameters:
        found.setdefault(parameter.name.name, parameter)
    return list(found.values())


def bind(
    declared: Declared, arguments: Arguments | None, span: Span, context: Context
) -> dict[str, tuple[Any, Span] | Rest | None]:
    """What each parameter is given: a value and its place, None where its default holds, a Rest for `...args`.

    Reports what is missing, unknown or too much, and raises `Poisoned`.
    """
    parameters = distinct(declared.node.parameters)
    positional = list(arguments.positional) if arguments else []
    named = dict(arguments.named) if arguments else {}
    bound: dict[str, tuple[Any, Span] | Rest | None] = {}
    rest = next((p for p in parameters if p.rest), None)
    problems = False
    after_rest = False
    for parameter in parameters:
        name = parameter.name.name
        if parameter.rest:
            after_rest = True
            bound[name] = Rest([], {})
            continue
        if positional and not after_rest:
            bound[name] = positional.pop(0)
            if name in named:
                context.report.error("N204", f"`{name}` is given twice", named.pop(name)[1], "the second time")
                problems = True
        elif name in named:
            bound[name] = named.pop(name)
        elif parameter.default is not None:
            bound[name] = None
        else:
            context.report.error(
                "N205",
                f"`{declared.name}` needs `{name}`",
                span,
                "not given",
                others=_declared_here(declared, parameter),
            )
            problems = True
    if rest is not None:
        bound[rest.name.name] = Rest(positional, named)
    else:
        problems |= _refuse(declared, positional, named, context)
    if problems:
        raise Poisoned
    return bound


def _declared_here(declared: Declared, parameter: tree.Parameter) -> tuple[Any, ...]:
    from netdsl.diagnostics import Label

    return (Label(parameter.span, "declared here"),)


def _refuse(
    declared: Declared, positional: list[tuple[Any, Span]], named: dict[str, tuple[Any, Span]], context: Context
) -> bool:
    """Report arguments that no parameter takes; whether there were any."""
    known = [p.name.name for p in declared.node.parameters]
    names = ", ".join(f"`{n}`" for n in known)
    has = f"its parameters are {names}" if known else f"`{declared.name}` has no parameters"
    if positional:
        total = len(known)
        most = f"at most {total} argument{'s' if total > 1 else ''}" if total else "no arguments"
        context.report.error(
            "N203",
            f"`{declared.name}` takes {most}, not {total + len(positional)}",
            positional[0][1],
            "one too many",
            help=has,
        )
    for name, (_, span) in named.items():
        near = close(name, known)
        context.report.error(
            "N202",
            f"`{declared.name}` has no parameter `{name}`",
            span,
            "not known",
            help=f"did you mean `{near}`?" if near else has,
        )
    return bool(positional or named)


def file_context(home: FileScope, context: Context) -> Context:
    """Outside of all definitions: for the `let`s of a file."""
    region = Region(home.source.span(0, 0), None, None)
    container = Container("", Plan(False), False)
    return Context(context.run, Frame(region, ""), region, {}, container, Scope(home), None, in_place=True)
