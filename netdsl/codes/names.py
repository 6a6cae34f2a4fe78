"""N2: names and arguments."""

from __future__ import annotations

from netdsl.codes.entry import Code, explained

CODES: dict[str, Code] = {
    "N201": explained(
        "a name that means nothing here",
        """
A name is an operator, a block or net of this file or of one that it imports, a parameter, or a value or `let` of the
braces it stands in. The nearest name that is known is proposed. Operators added in Python have a prefix, and are known
only where their module is named with `--plugin`.
""",
        "block a = conv(64, 3) -> rellu",
        "block a = conv(64, 3) -> relu",
    ),
    "N202": Code(
        "an attribute that the operator does not have",
        "The message names the nearest attribute, or all of them; `docs/operators.md` lists the attributes of every\n"
        "operator.\n\n"
        "Wrong:\n\n    block a = conv(64, 3, strides = 2)\n\nRight:\n\n    block a = conv(64, 3, stride = 2)",
    ),
    "N203": Code(
        "too many arguments",
        "More positional arguments are given than the operator has attributes. A list of sizes stands in brackets.\n\n"
        "Wrong:\n\n    block a = relu(1)\n\nRight:\n\n    block a = relu",
    ),
    "N204": Code(
        "an attribute that is given twice",
        "An attribute is given by its place or by its name, once.\n\n"
        "Wrong:\n\n    block a = conv(64, 3, kernel = 5)\n\nRight:\n\n    block a = conv(64, kernel = 5)",
    ),
    "N205": Code(
        "an attribute that is missing",
        "An attribute without a default must be given.\n\n"
        "Wrong:\n\n    block a = conv(64)\n\nRight:\n\n    block a = conv(64, 3)",
    ),
    "N206": explained(
        "a name that is given twice",
        """
Values are named once: there is no assignment that changes one. The same goes for blocks, nets and lets of a file, and
for what an import brings in; `import ".." as r` keeps imported names apart as `r.name`. Braces inside may use a name
of the braces around them again.
""",
        """
net n {
  input x: 3x8x8
  y = x -> conv(8, 3)
  y = y -> relu
  output z = y
}
""",
        """
net n {
  input x: 3x8x8
  y = x -> conv(8, 3)
  output z = y -> relu
}
""",
    ),
    "N207": explained(
        "a value that is used before it is defined",
        """
Statements are read from the top: a value is there from the line after the one that names it. Blocks and nets of a file
may stand in any order.
""",
        """
net n {
  input x: 3x8x8
  output y = add { x; skip }
  skip = x -> conv(3, 3)
}
""",
        """
net n {
  input x: 3x8x8
  skip = x -> conv(3, 3)
  output y = add { x; skip }
}
""",
    ),
    "N208": explained(
        "a let that is defined by way of itself",
        """
The lets of a file may stand in any order, but none may need its own value.
""",
        """
let width = 2 * base
let base = width // 2
net n { input x: 3x8x8; output y = x -> conv(width, 3) }
""",
        """
let width = 2 * base
let base = 32
net n { input x: 3x8x8; output y = x -> conv(width, 3) }
""",
    ),
    "N209": explained(
        "an attribute that a value does not have",
        """
A value has `channels`, `height`, `width`, `depth` (of a volume), `shape` and `rank`; a list of values has `length`. In
the expectations of a file a net has `params`, `inference_params`, `frozen`, `macs` and its outputs.
""",
        "net n { input x: 3x8x8; output y = x -> conv(x.chanels, 3) }",
        "net n { input x: 3x8x8; output y = x -> conv(x.channels, 3) }",
    ),
    "N212": explained(
        "a second parameter that collects the rest",
        """
`...args` collects the arguments that no other parameter takes. After one there is nothing left for another.
""",
        "block b(...args, ..._more) = conv(...args)\nnet n { input x: 3x8x8; output y = x -> b(4, 3) }",
        "block b(...args) = conv(...args)\nnet n { input x: 3x8x8; output y = x -> b(4, 3) }",
    ),
    "N210": Code(
        "which network is meant",
        """
A command works on one network. `--net NAME` names it; without it, the one that is named like the file is taken, else
the only one that can be built by itself. Nets whose parameters have no defaults cannot.

Wrong:  netdsl compile resnet.net                  (it holds resnet18, resnet34, ...)
Right:  netdsl compile resnet.net --net resnet18
""",
    ),
    "N211": Code(
        "a value from outside that the network does not take",
        """
`--set` gives the network's own parameters, `--input` the sizes of its inputs. What a variant sets already cannot be
set again, and a size must fit the declaration: it is for extents that are symbols.

Wrong:  netdsl summary resnet.net --net resnet18 --set clases=10
Right:  netdsl summary resnet.net --net resnet18 --set classes=10
""",
    ),
}
