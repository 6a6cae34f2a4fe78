"""N2: names and arguments."""

from __future__ import annotations

from netdsl.codes.entry import Code

CODES: dict[str, Code] = {
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
    "N201": Code("", ""),
    "N206": Code("", ""),
    "N207": Code("", ""),
    "N208": Code("", ""),
    "N209": Code("", ""),
    "N210": Code("", ""),
    "N211": Code("", ""),
}
