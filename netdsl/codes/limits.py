"""N6: imports and limits."""

from __future__ import annotations

from netdsl.codes.entry import Code, explained

CODES: dict[str, Code] = {
    # --------------------------------------------------------------------------------------------------- imports
    "N602": Code(
        "an imported file that cannot be found or read",
        """
The path of an import is looked for beside the file that imports.

Wrong:  import "resnets.net"        (the file is called resnet.net)
Right:  import "resnet.net"
""",
    ),
    "N603": Code(
        "an import that leads out of the folder",
        """
All files of a program lie in one folder, that of the file on the command line unless `--root` names another one. A
link that leads out of it is not followed either.

Wrong:  import "shared/resnet.net"                (shared is a link to another folder)
Right:  netdsl compile nets/a.net --root .        (a folder that holds both)
""",
    ),
    "N604": Code(
        "imports in a circle",
        """
A file may not import itself, directly or through others. Move what both need into a third file. (Two files may import
the same third one.)
""",
    ),
    "N605": Code(
        "too many imports",
        """
A program may have 64 files, 8 MiB of text in all, and imports inside imports 16 deep.
""",
    ),
    "N606": Code(
        "a path that an import cannot have",
        """
The path of an import is relative to the file that imports, is separated by `/`, never leads upwards with `..`, ends in
`.net`, and is not computed.

Wrong:  import "../resnet.net"
Right:  netdsl compile nets/a.net --root .        and there: import "resnet.net"
""",
    ),
    # ---------------------------------------------------------------------------------------------------- limits
    "N610": explained(
        "a loop that is too long",
        """
A loop may have 10,000 turns.
""",
        "net n { input x: 3x8x8; output y = x -> repeat 1000000000 { relu } }",
        "net n { input x: 3x8x8; output y = x -> repeat 10 { relu } }",
    ),
    "N611": explained(
        "blocks inside blocks without end",
        """
A block may call itself, as U-Net's level does, if an `if` ends that. Blocks may be 32 deep inside each other.
""",
        """
block level(n) = conv(8, 3) -> level(n - 1)
net n { input x: 3x8x8; output y = x -> level(3) }
""",
        """
block level(n) = conv(8, 3) -> if n > 0 { level(n - 1) }
net n { input x: 3x8x8; output y = x -> level(3) }
""",
    ),
    "N612": explained(
        "a network that is too large",
        """
A network may have 20,000 nodes. Where the text tells how many there would be, they are counted before any is made.
""",
        """
block ten = repeat 10 { conv(8, 3) }
block thousand = repeat 10 { repeat 10 { ten } }
net n { input x: 3x8x8; output y = x -> repeat 100 { thousand } }
""",
        """
block ten = repeat 10 { conv(8, 3) }
block thousand = repeat 10 { repeat 10 { ten } }
net n { input x: 3x8x8; output y = x -> thousand }
""",
    ),
    "N613": explained(
        "too much to elaborate",
        """
Calls of blocks and turns of loops may be 100,000 in all, whether they make nodes or not.
""",
        "net n { input x: 3x8x8; output y = x -> repeat 1000 { repeat 1000 { in } } }",
        "net n { input x: 3x8x8; output y = x -> repeat 10 { repeat 10 { in } } }",
    ),
    "N614": explained(
        "a number, text or list that is too large",
        """
Numbers have at most 18 digits, texts 4,096 characters, lists 10,000 elements.
""",
        "net n { input x: 3x8x8; output y = x -> conv(2 ** 80, 3) }",
        "net n { input x: 3x8x8; output y = x -> conv(2 ** 8, 3) }",
    ),
    "N615": explained(
        "an input that is too large",
        """
An extent goes from 1 to 1,048,576, and one sample of an input holds fewer than 2^31 numbers.
""",
        "net n { input x: [3, 0, 8]; output y = x -> relu }",
        "net n { input x: [3, 8, 8]; output y = x -> relu }",
    ),
}
