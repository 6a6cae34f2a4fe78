"""N1: syntax.

The examples of each text are tested: the wrong one gives its code, the right one parses.
"""

from __future__ import annotations

from netdsl.codes.entry import Code


def _code(title: str, text: str, wrong: str = "", right: str = "") -> Code:
    """A code whose examples are given line by line; a text that shows none has a reason that no short text can show."""
    for name, example in (("Wrong", wrong), ("Right", right)):
        if example:
            lines = "\n".join(f"    {line}" if line else "" for line in example.split("\n"))
            text += f"\n\n{name}:\n\n{lines}"
    return Code(title, text)


_CHARACTERS = {
    "N101": _code(
        "a character that netdsl does not know",
        "Outside comments and strings a text is made of ASCII letters, digits and the marks of the language. Letters with\n"
        "accents, typographic quotes and dashes, and spaces that only look like spaces come from word processors and web\n"
        "pages. In comments and strings every visible character may stand.",
        "block größe = conv(64, 3 − 1)",
        "block groesse = conv(64, 3 - 1)    # größe",
    ),
    "N102": _code(
        "an invisible or control character",
        "Control characters (other than tab and newline), line separators, and the marks that change the direction of text\n"
        "are refused everywhere, in comments and strings too: they can make a text look different from what it says.\n"
        "`netdsl.syntax.read` turns the line ends of Windows and of old Macs into newlines before this is asked.",
        "block a = relu # \x07",
        "block a = relu # bell",
    ),
    "N103": _code(
        "a string without its end",
        "A string begins and ends with a double quote, on one line.",
        'import "resnet.net\nblock a = relu',
        'import "resnet.net"\nblock a = relu',
    ),
    "N104": _code(
        "a string in single quotes",
        "Strings are written in double quotes.",
        "import 'resnet.net'",
        'import "resnet.net"',
    ),
    "N105": _code(
        "an unknown escape in a string",
        "In a string `\\\"` is a quote and `\\\\` a backslash; no other character may follow a backslash.",
        'import "models\\resnet.net"',
        'import "models/resnet.net"',
    ),
    "N106": _code(
        "a computed part of a string that is broken",
        "In a string `{expression}` is replaced by what the expression gives, so that labels can be counted. `{{` and `}}`\n"
        "stand for the braces themselves. The expression holds no string and no arrow.",
        'block a(i) = "layer{i +}": relu',
        'block a(i) = "layer{i + 1}": relu',
    ),
    "N107": _code(
        "a number that is written wrongly",
        "Numbers are written `64`, `1_000`, `0.5`, `1e-3`: digits on both sides of the point, underscores between digits,\n"
        "no letters behind. A name does not begin with a digit.",
        "block a = dropout(.5) -> conv(64, 3, pad = 1.)",
        "block a = dropout(0.5) -> conv(64, 3, pad = 1)",
    ),
    "N108": _code(
        "a size with spaces",
        "A size such as `3x224x224` is one word. With spaces, `x` would be a name.",
        "block a = conv(64, 3 x 3)",
        "block a = conv(64, 3x3)",
    ),
}

_OTHER_LANGUAGES = {
    "N110": _code(
        "an arrow of another kind",
        "Stages are joined by `->`.",
        "block a = conv(8, 3) => relu",
        "block a = conv(8, 3) -> relu",
    ),
    "N111": _code(
        "an assignment that changes a value",
        "A name is given once, with `=`. What is computed from it is a new value with a name of its own.",
        "block a {\n  x = in -> relu\n  x += in\n  x\n}",
        "block a {\n  x = in -> relu\n  y = x + in\n  y\n}",
    ),
    "N112": _code(
        "logic in symbols",
        "Conditions are joined by `and`, `or`, `not`.",
        "block a(s) { if s == 2 && s > 1 { relu } }",
        "block a(s) { if s == 2 and s > 1 { relu } }",
    ),
    "N113": _code(
        "a word of another language",
        "netdsl has no `return`, `def`, `class`, `while`, `elif`, `lambda`, `then`. A definition begins with `block` or\n"
        "`net`, the result of a body is its last pipeline, and `for`, `repeat`, `if { .. } else { .. }` are the control.",
        "block a {\n  x = in -> relu\n  return x\n}",
        "block a {\n  x = in -> relu\n  x\n}",
    ),
    "N114": _code(
        "a text that is something else",
        "The text holds the marks of a merge conflict, the fence of a Markdown code block, or begins like Python.",
        "import torch\n\nclass Net(torch.nn.Module):\n    pass",
        "block net_of_mine = conv(8, 3) -> relu",
    ),
}

_BRACKETS = {
    "N120": _code(
        "a `}` is missing",
        "Definitions do not stand inside one another, so a `block`, `net` or `import` at the start of a line tells that the\n"
        "braces before it should be closed. Where a `}` lines up with another `{` than the one that it closes, that one is\n"
        "blamed.",
        "block a(c) {\n  add { identity; conv(c, 3)\n  -> relu\n}\n\nblock b = relu",
        "block a(c) {\n  add { identity; conv(c, 3) }\n  -> relu\n}\n\nblock b = relu",
    ),
    "N121": _code(
        "a `)` or `]` is missing",
        "A new statement began while a bracket was open. Inside brackets a newline means nothing, so the mistake may be on\n"
        "an earlier line.",
        "block a {\n  x = in -> conv(8, 3\n  output y = x\n}",
        "block a {\n  x = in -> conv(8, 3)\n  output y = x\n}",
    ),
    "N122": _code(
        "a bracket closed by another kind",
        "Brackets close in the order in which they were opened, the last one first.",
        "block a = conv(64, [1, 7) -> relu",
        "block a = conv(64, [1, 7]) -> relu",
    ),
    "N123": _code(
        "a bracket that closes nothing",
        "No bracket of this kind is open here.",
        "block a { relu } }",
        "block a { relu }",
    ),
    "N124": _code(
        "a `{` on a line of its own",
        "A newline ends a statement, so the `{` of a definition, an `if` or a `for` stands at the end of its line. A `{` that\n"
        "begins a line begins a group.",
        "block a(c)\n{\n  conv(c, 3)\n}",
        "block a(c) {\n  conv(c, 3)\n}",
    ),
}

_MARKS = {
    "N130": _code(
        "a comma is missing",
        "Arguments, and the elements of a list, are separated by commas.",
        "block a = conv(64 3, stride = 2)",
        "block a = conv(64, 3, stride = 2)",
    ),
    "N131": _code(
        "two things side by side",
        "Between two stages stands `->`, between two statements a new line or `;`. The arguments of an operator stand in\n"
        "parentheses.",
        "block a = conv 64 -> relu",
        "block a = conv(64) -> relu",
    ),
    "N132": _code(
        "a comma between statements",
        "The lines of a body, and the branches of a merge, are separated by new lines or by `;`.",
        "block a = concat { conv(64, 1), conv(64, 3) }",
        "block a = concat { conv(64, 1); conv(64, 3) }",
    ),
    "N133": _code(
        "`:` for `=`, or `=` for `:`",
        "`=` gives an argument or a value its name; `name:` before a stage is a label; after `input x` and `target y`\n"
        "stands `:`.",
        "block a = conv(64, 3, stride: 2)",
        "block a = conv(64, 3, stride = 2)",
    ),
    "N134": _code(
        "`=` where nothing is named",
        "`name = ..` names a value, and `f(name = ..)` an argument. Two values are compared by `==`.",
        "block a(s) { if s = 2 { max_pool(2) } }",
        "block a(s) { if s == 2 { max_pool(2) } }",
    ),
    "N135": _code(
        "a tuple",
        "Parentheses only group. A list is written in brackets; a list of integers may be written as a size.",
        "block a = conv(64, (1, 7))",
        "block a = conv(64, [1, 7]) -> conv(64, 1x7)",
    ),
    "N136": _code(
        "an operator after a stage",
        "`x -> f + y` could mean `(x -> f) + y` or `x -> (f + y)`. After an arrow therefore only one stage stands: put the\n"
        "pipeline in parentheses, or name its value.",
        "block a {\n  x = in -> relu\n  x -> conv(64, 3) + x\n}",
        "block a {\n  x = in -> relu\n  (x -> conv(64, 3)) + x\n}",
    ),
    "N137": _code(
        "something is missing",
        "An operator, an arrow, `=` or a comma wants something after it.",
        "block a = in + -> relu",
        "block a = in + in -> relu",
    ),
    "N138": _code(
        "a line ends with an arrow or an operator",
        "A newline ends a statement, unless the next line begins with an arrow or a binary operator. So these stand at the\n"
        "start of a line.",
        "block a {\n  conv(64, 3) ->\n  relu\n}",
        "block a {\n  conv(64, 3)\n  -> relu\n}",
    ),
    "N139": _code(
        "a chain of comparisons",
        "Two comparisons are joined by `and`.",
        "block a(s) { if 1 < s < 4 { relu } }",
        "block a(s) { if 1 < s and s < 4 { relu } }",
    ),
}

_WORDS = {
    "N140": _code(
        "a keyword as a name",
        "The keywords are reserved everywhere: and, as, block, each, else, expect, false, for, if, import, in, input, let,\n"
        "net, not, or, output, repeat, shared, target, true. A label in quotes may be any word. The value that enters the\n"
        "braces is `in`.",
        "net n {\n  input input: 3x8x8\n  output y = relu(in)\n}",
        "net n {\n  input image: 3x8x8\n  output y = image -> relu\n}",
    ),
    "N141": _code(
        "an `else` alone",
        "`else` follows the `}` of its `if` directly.",
        "block a(s) {\n  if s == 2 { relu }\n  -> tanh\n  else { tanh }\n}",
        "block a(s) {\n  if s == 2 { relu } else { tanh }\n  -> tanh\n}",
    ),
    "N142": _code(
        "something where it cannot stand",
        "A file holds `import`, `let`, `block`, `net` and `expect`. All the rest stands in the braces of a definition, and\n"
        "definitions do not stand inside one another.",
        "input image: 3x8x8\noutput y = image -> relu",
        "net n {\n  input image: 3x8x8\n  output y = image -> relu\n}",
    ),
    "N143": _code(
        "a misspelt keyword",
        "The word resembles a keyword that could stand here.",
        "blok a = relu",
        "block a = relu",
    ),
    "N144": _code(
        "braces are missing",
        "What a definition, an `if`, a `for`, a `repeat` or an `each` holds stands in braces.",
        "block a(s) {\n  if s == 2 relu\n}",
        "block a(s) {\n  if s == 2 { relu }\n}",
    ),
    "N145": _code(
        "a name in pieces",
        "Names are made of letters, digits and `_`.",
        "let out-channels = 64",
        "let out_channels = 64",
    ),
    "N149": _code(
        "unexpected text",
        "The text cannot go on like this. What could stand here is shown where it is one thing or two.",
        "block a(s) = s[1:2:3] -> relu",
        "block a(s) = s[1:2] -> relu",
    ),
}

_LIMITS = {
    "N160": _code("a text that is too large", "A source is at most 1 MiB. Larger texts are split into files and imported."),
    "N161": _code("too many tokens", "A source has at most 200_000 tokens: names, numbers, marks."),
    "N162": _code(
        "too deep",
        "Brackets in brackets, and operators in operators, may nest 64 deep. Name a part with `let`, `=` or a block.",
    ),
    "N163": _code("a name that is too long", "A name has at most 64 characters."),
    "N164": _code("a string that is too long", "A string has at most 4096 characters."),
    "N165": _code(
        "an integer that is too long",
        "An integer has at most 18 digits.",
        "expect 1234567890123456789 > 0",
        "expect 123456789012345678 > 0",
    ),
    "N166": _code("a float that is too large", "A float is at most 1.8e308.", "let x = 1e400", "let x = 1e300"),
}

_FILES = {
    "N180": _code("a file that cannot be read", "The path names no file, or the file may not be opened."),
    "N181": _code("no regular file", "A text is read from a regular file, not from a directory, a pipe or a device."),
    "N182": _code("not UTF-8", "Texts are UTF-8, with or without a byte order mark. Many editors can convert a file."),
    "N183": _code(
        "another program's .net file",
        "Pajek writes graphs, and KiCad netlists, into files that are also called .net. netdsl reads neither.",
    ),
}

CODES: dict[str, Code] = {**_CHARACTERS, **_OTHER_LANGUAGES, **_BRACKETS, **_MARKS, **_WORDS, **_LIMITS, **_FILES}
