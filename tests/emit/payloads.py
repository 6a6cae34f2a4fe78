"""What somebody would write who wants a text to run: forty payloads, and the five places where they are put."""

from __future__ import annotations

from collections.abc import Iterator

CANARY = "canary"
_RUN = f'__import__("pathlib").Path("{CANARY}").touch()'

PAYLOADS = [
    _RUN,
    f"eval('{_RUN}')",
    f"exec({_RUN!r})",
    f'"""\n{_RUN}\n"""',
    f"'''\n{_RUN}\n'''",
    f'""" + {_RUN} + """',
    f'"\n{_RUN}\n"',
    f"'); {_RUN} #",
    f'"); {_RUN} #',
    f"\\\n{_RUN}",
    f"\\\\\n{_RUN}",
    f'\\"""\n{_RUN}\n\\"""',
    f'\\\\"""\n{_RUN}\n\\\\"""',
    f"\r{_RUN}",
    f"a\r{_RUN}\rb",
    f"\x0c{_RUN}",
    f"\x0b{_RUN}",
    f"\x85{_RUN}",
    f"\u2028{_RUN}",
    f"\u2029{_RUN}",
    f"# coding: unicode_escape\n\\u000a{_RUN}",
    f"-*- coding: utf-7 -*-\n+AAo-{_RUN}",
    f"\x00{_RUN}",
    f"\u202e{_RUN}\u202c",
    f"{{{_RUN}}}",
    f"{{{{{_RUN}}}}}",
    f"{{0.__class__.__mro__[1].__subclasses__()}} {_RUN}",
    f"%({_RUN})s",
    f"${{{_RUN}}}",
    f"`{_RUN}`",
    f"$({_RUN})",
    f"x = {_RUN}",
    f"x; {_RUN}",
    f"x, {_RUN}",
    f"x) -> {_RUN} -> (x",
    f"x }}\n{_RUN}\nnet g {{",
    f"import os; {_RUN}",
    f"lambda: {_RUN}",
    f"\\N{{LATIN SMALL LETTER A}}{_RUN}",
    f"{'x' * 117}\\{_RUN}",
]

_BODY = "input x: 3x4x4; output y = x -> conv(2, 1) -> relu"
# Each holds {} where the payload goes; several for one sink, since a sink is a kind of place.
SINKS: dict[str, tuple[str, ...]] = {
    "names": (
        "block {}(c) = conv(c, 1)\nnet f {{ input x: 3x4x4; output y = x -> {}(2) }}\n",
        "net f {{ input {}: 3x4x4; output y = {} -> relu }}\n",
        "net f({} = 2) {{ input x: 3x4x4; output y = x -> conv({}, 1) }}\n",
        "net f {{ input x: 3x4x4; output y = x -> {}: conv(2, 1) -> relu }}\n",
    ),
    "strings": (
        'net f {{ input x: 3x4x4; output y = x -> "{}": conv(2, 1) }}\n',
        'net f {{ input x: 3x4x4; output y = x -> resize(2, mode = "{}") }}\n',
        'net f(t = "{}") {{ input x: 3x4x4; output y = x -> "a{{t}}": conv(2, 1) }}\n',
    ),
    "comments": (
        f"## {{}}\n\n## {{}}\nblock b = relu\n## {{}}\nnet f {{{{ {_BODY} -> b }}}} # {{}}\n",
        f"# {{}}\nnet f {{{{ {_BODY} }}}}\n",
    ),
    "paths": (
        f'import "{{}}.net"\nnet f {{{{ {_BODY} }}}}\n',
        f'import "{{}}" as p\nnet f {{{{ {_BODY} -> p.b }}}}\n',
    ),
    "numbers": (
        "net f {{ input x: 3x4x4; output y = x -> conv({}, 1) }}\n",
        "net f {{ input x: [3, {}, 4]; output y = x -> conv(2, 1) }}\n",
        "let n = {}\nnet f {{ input x: 3x4x4; output y = x -> repeat n {{ relu }} -> leaky_relu({}) }}\n",
    ),
}


def cases() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(payload, sink, texts), two hundred of them."""
    for payload in PAYLOADS:
        for sink, templates in SINKS.items():
            yield payload, sink, tuple(template.format(*[payload] * 9) for template in templates)
