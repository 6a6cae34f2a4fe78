"""N1: syntax.

The examples of each text are tested: the wrong one gives its code, the right one parses.
"""

from __future__ import annotations

from netdsl.codes.entry import Code

CODES: dict[str, Code] = {
    # ---------------------------------------------------------------------------------------------------- characters
    "N101": Code(
        "a character that netdsl does not know",
        """
Outside comments and strings a text is made of ASCII letters, digits and the marks of the language. Letters
with accents, typographic quotes and dashes, and spaces that only look like spaces come from word processors
and web pages. In comments and strings every visible character may stand.

Wrong:

    block größe = conv(64, 3 − 1)

Right:

    block groesse = conv(64, 3 - 1)    # größe
""",
    ),
    "N102": Code(
        "an invisible or control character",
        """
Control characters (other than tab and newline), line separators, and the marks that change the direction of
text are refused everywhere, in comments and strings too: they can make a text look different from what it
says. `netdsl.syntax.read` turns the line ends of Windows and of old Macs into newlines before this is asked.
""",
    ),
    "N103": Code(
        "a string without its end",
        """
A string begins and ends with a double quote, on one line.

Wrong:

    import "resnet.net
    block a = relu

Right:

    import "resnet.net"
    block a = relu
""",
    ),
    "N104": Code(
        "a string in single quotes",
        """
Strings are written in double quotes, as labels with computed parts are.

Wrong:

    import 'resnet.net'

Right:

    import "resnet.net"
""",
    ),
    "N105": Code(
        "an unknown escape in a string",
        """
In a string `\\"` is a quote and `\\\\` a backslash; no other character may follow a backslash.

Wrong:

    import "models\\resnet.net"

Right:

    import "models/resnet.net"
""",
    ),
    "N106": Code(
        "a computed part of a string that is broken",
        """
In a string `{expression}` is replaced by what the expression gives, so that labels can be counted. `{{` and
`}}` stand for the braces themselves. The expression holds no string and no arrow.

Wrong:

    block a(i) = "layer{i +}": relu

Right:

    block a(i) = "layer{i + 1}": relu
""",
    ),
    "N107": Code(
        "a number that is written wrongly",
        """
Numbers are written `64`, `1_000`, `0.5`, `1e-3`: digits on both sides of the point, underscores between
digits, no letters behind. A name does not begin with a digit.

Wrong:

    block a = dropout(.5) -> conv(64, 3, pad = 1.)

Right:

    block a = dropout(0.5) -> conv(64, 3, pad = 1)
""",
    ),
    "N108": Code(
        "a size with spaces",
        """
A size such as `3x224x224` is one word. With spaces, `x` would be a name.

Wrong:

    block a = conv(64, 3 x 3)

Right:

    block a = conv(64, 3x3)
""",
    ),
    # ----------------------------------------------------------------------------------------------- other languages
    "N110": Code(
        "an arrow of another kind",
        """
Stages are joined by `->`.

Wrong:

    block a = conv(8, 3) => relu

Right:

    block a = conv(8, 3) -> relu
""",
    ),
    "N111": Code(
        "an assignment that changes a value",
        """
A name is given once, with `=`. What is computed from it is a new value with a name of its own.

Wrong:

    block a {
      x = in -> relu
      x += in
      x
    }

Right:

    block a {
      x = in -> relu
      y = x + in
      y
    }
""",
    ),
    "N112": Code(
        "logic in symbols",
        """
Conditions are joined by `and`, `or`, `not`.

Wrong:

    block a(s) { if s == 2 && s > 1 { relu } }

Right:

    block a(s) { if s == 2 and s > 1 { relu } }
""",
    ),
    "N113": Code(
        "a word of another language",
        """
netdsl has no `return`, `def`, `class`, `while`, `elif`, `lambda`, `then`. A definition begins with `block` or
`net`, the result of a body is its last pipeline, and `for`, `repeat`, `if { .. } else { .. }` are the
control.

Wrong:

    block a {
      x = in -> relu
      return x
    }

Right:

    block a {
      x = in -> relu
      x
    }
""",
    ),
    "N114": Code(
        "a text that is something else",
        """
The text holds the marks of a merge conflict, the fence of a Markdown code block, or begins like Python.

Wrong:

    import torch

    class Net(torch.nn.Module):
        pass

Right:

    block net_of_mine = conv(8, 3) -> relu
""",
    ),
    # ------------------------------------------------------------------------------------------------------ brackets
    "N120": Code(
        "a `}` is missing",
        """
Definitions do not stand inside one another, so a `block`, `net` or `import` at the start of a line tells that
the braces before it should be closed. Where a `}` lines up with another `{` than the one that it closes, that
one is blamed.

Wrong:

    block a(c) {
      add { identity; conv(c, 3)
      -> relu
    }

    block b = relu

Right:

    block a(c) {
      add { identity; conv(c, 3) }
      -> relu
    }

    block b = relu
""",
    ),
    "N121": Code(
        "a `)` or `]` is missing",
        """
A new statement began while a bracket was open. Inside brackets a newline means nothing, so the mistake may be
on an earlier line.

Wrong:

    block a {
      x = in -> conv(8, 3
      output y = x
    }

Right:

    block a {
      x = in -> conv(8, 3)
      output y = x
    }
""",
    ),
    "N122": Code(
        "a bracket closed by another kind",
        """
Brackets close in the order in which they were opened, the last one first.

Wrong:

    block a = conv(64, [1, 7) -> relu

Right:

    block a = conv(64, [1, 7]) -> relu
""",
    ),
    "N123": Code(
        "a bracket that closes nothing",
        """
No bracket of this kind is open here.

Wrong:

    block a { relu } }

Right:

    block a { relu }
""",
    ),
    "N124": Code(
        "a `{` on a line of its own",
        """
A newline ends a statement, so the `{` of a definition, an `if` or a `for` stands at the end of its line. A
`{` that begins a line begins a group.

Wrong:

    block a(c)
    {
      conv(c, 3)
    }

Right:

    block a(c) {
      conv(c, 3)
    }
""",
    ),
    # --------------------------------------------------------------------------------------------------------- marks
    "N130": Code(
        "a comma is missing",
        """
Arguments, and the elements of a list, are separated by commas.

Wrong:

    block a = conv(64 3, stride = 2)

Right:

    block a = conv(64, 3, stride = 2)
""",
    ),
    "N131": Code(
        "two things side by side",
        """
Between two stages stands `->`, between two statements a new line or `;`. The arguments of an operator stand
in parentheses.

Wrong:

    block a = conv 64 -> relu

Right:

    block a = conv(64) -> relu
""",
    ),
    "N132": Code(
        "a comma between statements",
        """
The lines of a body, and the branches of a merge, are separated by new lines or by `;`.

Wrong:

    block a = concat { conv(64, 1), conv(64, 3) }

Right:

    block a = concat { conv(64, 1); conv(64, 3) }
""",
    ),
    "N133": Code(
        "`:` for `=`, or `=` for `:`",
        """
`=` gives an argument or a value its name; `name:` before a stage is a label; after `input x` and `target y`
stands `:`.

Wrong:

    block a = conv(64, 3, stride: 2)

Right:

    block a = conv(64, 3, stride = 2)
""",
    ),
    "N134": Code(
        "`=` where nothing is named",
        """
`name = ..` names a value, and `f(name = ..)` an argument. Two values are compared by `==`.

Wrong:

    block a(s) { if s = 2 { max_pool(2) } }

Right:

    block a(s) { if s == 2 { max_pool(2) } }
""",
    ),
    "N135": Code(
        "a tuple",
        """
Parentheses only group. A list is written in brackets; a list of integers may be written as a size.

Wrong:

    block a = conv(64, (1, 7))

Right:

    block a = conv(64, [1, 7]) -> conv(64, 1x7)
""",
    ),
    "N136": Code(
        "an operator after a stage",
        """
`x -> f + y` could mean `(x -> f) + y` or `x -> (f + y)`. After an arrow therefore only one stage stands: put
the pipeline in parentheses, or name its value.

Wrong:

    block a {
      x = in -> relu
      x -> conv(64, 3) + x
    }

Right:

    block a {
      x = in -> relu
      (x -> conv(64, 3)) + x
    }
""",
    ),
    "N137": Code(
        "something is missing",
        """
An operator, an arrow, `=` or a comma wants something after it.

Wrong:

    block a = in + -> relu

Right:

    block a = in + in -> relu
""",
    ),
    "N138": Code(
        "a line ends with an arrow or an operator",
        """
A newline ends a statement, unless the next line begins with an arrow or a binary operator. So these stand at
the start of a line.

Wrong:

    block a {
      conv(64, 3) ->
      relu
    }

Right:

    block a {
      conv(64, 3)
      -> relu
    }
""",
    ),
    "N139": Code(
        "a chain of comparisons",
        """
Two comparisons are joined by `and`.

Wrong:

    block a(s) { if 1 < s < 4 { relu } }

Right:

    block a(s) { if 1 < s and s < 4 { relu } }
""",
    ),
    # --------------------------------------------------------------------------------------------------------- words
    "N140": Code(
        "a keyword as a name",
        """
The keywords are reserved everywhere: and, as, block, each, else, expect, false, for, if, import, in, input,
let, net, not, or, output, repeat, shared, target, true. A label in quotes may be any word. The value that
enters the braces is `in`.

Wrong:

    net n {
      input input: 3x8x8
      output y = relu(in)
    }

Right:

    net n {
      input image: 3x8x8
      output y = image -> relu
    }
""",
    ),
    "N141": Code(
        "an `else` alone",
        """
`else` follows the `}` of its `if` directly.

Wrong:

    block a(s) {
      if s == 2 { relu }
      -> tanh
      else { tanh }
    }

Right:

    block a(s) {
      if s == 2 { relu } else { tanh }
      -> tanh
    }
""",
    ),
    "N142": Code(
        "something where it cannot stand",
        """
A file holds `import`, `let`, `block`, `net` and `expect`. All the rest stands in the braces of a definition,
and definitions do not stand inside one another.

Wrong:

    input image: 3x8x8
    output y = image -> relu

Right:

    net n {
      input image: 3x8x8
      output y = image -> relu
    }
""",
    ),
    "N143": Code(
        "a misspelt keyword",
        """
The word resembles a keyword that could stand here.

Wrong:

    blok a = relu

Right:

    block a = relu
""",
    ),
    "N144": Code(
        "braces are missing",
        """
What a definition, an `if`, a `for`, a `repeat` or an `each` holds stands in braces.

Wrong:

    block a(s) {
      if s == 2 relu
    }

Right:

    block a(s) {
      if s == 2 { relu }
    }
""",
    ),
    "N145": Code(
        "a name in pieces",
        """
Names are made of letters, digits and `_`.

Wrong:

    let out-channels = 64

Right:

    let out_channels = 64
""",
    ),
    "N149": Code(
        "unexpected text",
        """
The text cannot go on like this. What could stand here is shown where it is one thing or two.

Wrong:

    block a(s) = s[1:2:3] -> relu

Right:

    block a(s) = s[1:2] -> relu
""",
    ),
    # -------------------------------------------------------------------------------------------------------- limits
    "N160": Code(
        "a text that is too large",
        """
A source is at most 1 MiB. Larger texts are split into files and imported.
""",
    ),
    "N161": Code(
        "too many tokens",
        """
A source has at most 200_000 tokens: names, numbers, marks. Use `repeat`, `for` and blocks for what repeats itself, or
split the text into files and import them.
""",
    ),
    "N162": Code(
        "too deep",
        """
Brackets in brackets, and operators in operators, may nest 64 deep. Name a part with `let`, `=` or a block.
""",
    ),
    "N163": Code(
        "a name that is too long",
        """
A name has at most 64 characters: it becomes a name in Python, a key of the `state_dict` and a cell of the table.
""",
    ),
    "N164": Code(
        "a string that is too long",
        """
A string has at most 4096 characters. Strings are labels, paths and names of modes; nothing of the language needs a long
one.
""",
    ),
    "N165": Code(
        "an integer that is too long",
        """
An integer has at most 18 digits.

Wrong:

    expect 1234567890123456789 > 0

Right:

    expect 123456789012345678 > 0
""",
    ),
    "N166": Code(
        "a float that is too large",
        """
A float is at most 1.8e308.

Wrong:

    let x = 1e400

Right:

    let x = 1e300
""",
    ),
    # --------------------------------------------------------------------------------------------------------- files
    "N180": Code(
        "a file that cannot be read",
        """
The path names no file, or the file may not be opened. Where no file of that name stands in the present folder, the
commands look among the examples that come with netdsl: `netdsl summary lenet.net` works anywhere.
""",
    ),
    "N181": Code(
        "no regular file",
        """
A text is read from a regular file, not from a directory, a pipe or a device.
""",
    ),
    "N182": Code(
        "not UTF-8",
        """
Texts are UTF-8, with or without a byte order mark. Many editors can convert a file.
""",
    ),
    "N183": Code(
        "another program's .net file",
        """
Pajek writes graphs, and KiCad netlists, into files that are also called .net. netdsl reads neither.
""",
    ),
}
