"""docs/zoo.md: the zoo as a table, from docs/zoo.json and the examples.

`python -m tests.examples.zoo` writes it, with `--check` it only says whether it is current.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.examples.gallery import FAMILY_MAIN, file_name
from tests.examples.networks import FILE, ROOT, ZOO, name, summary

PAGE = ROOT / "docs" / "zoo.md"
SCALE = {None: 1, "thousand": 10**3, "million": 10**6, "billion": 10**9}
FIGURE = re.compile(
    r"(?P<number>\d[\d,]*(?:\.\d+)?)(?: (?P<scale>thousand|million|billion))?"
    r" (?P<kind>parameters|inference parameters|MACs)"
)
KEY = {"parameters": "params", "inference parameters": "inference_params", "MACs": "macs"}

HEAD = """\
# The zoo

{count} networks in {files} files, {lines} lines of code. This page is made from `docs/zoo.json` and the examples by
`python -m tests.examples.zoo`; do not edit it.

Parameters are those that train, shared ones counted once; MACs are multiply-accumulates of one forward pass of one
sample at inference (see [figures](figures.md)). A network equals the implementation or the paper named under *equals*,
to the unit. Published figures are the papers' or lectures' own, and *as published* means equal in all the digits that
they give; what papers call FLOPs, operations or mult-adds are MACs. Lines are those of the whole file that are neither
blank nor comment. Drawings are of the first network of a file, folded; all of them are in the [gallery](gallery.md).

| network | equals | parameters | MACs | published | difference | lines | drawing |
|---|---|---:|---:|---|---|---:|---|
"""


def code_lines(text: str) -> int:
    """Lines that are neither blank nor comment."""
    return sum(1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def figures(published: str) -> Iterator[tuple[str, Decimal, Decimal]]:
    """`62.3 million parameters; 1.1 billion MACs` as (key of the summary, figure, worth of its last digit).

    Raises ValueError where a part is not a number, perhaps a scale, and what is counted.
    """
    for part in published.split("; "):
        found = FIGURE.fullmatch(part)
        if found is None:
            raise ValueError(f"{part!r} is not like '62.3 million parameters', with FIGURE's words")
        scale, number = SCALE[found["scale"]], Decimal(found["number"].replace(",", ""))
        yield KEY[found["kind"]], number * scale, Decimal(scale).scaleb(int(number.as_tuple().exponent))


def difference(ours: int, published: Decimal, digit: Decimal) -> str:
    """`as published` where the published figure is ours, rounded at its last digit; else by how much ours is more."""
    if abs(ours - published) * 2 <= digit:
        return "as published"
    return f"{(ours / published - 1) * 100:+.2g} %"


def row(entry: dict[str, Any]) -> str:
    network = name(entry)
    found = summary(network)
    parameters = f"{found['params']:,}"
    if found["inference_params"] != found["params"]:
        parameters += f" ({found['inference_params']:,} at inference)"
    if found["frozen"]:
        parameters += f" + {found['frozen']:,} frozen"
    differences = (
        [difference(found[key], *figure) for key, *figure in figures(entry["published"] or "")]
        if entry["published"]
        else []
    )
    told = "; ".join(dict.fromkeys(differences))
    if entry["reason"]:
        told += f": {entry['reason']}" if told else entry["reason"]
    path = FILE[network]
    macs = "by the input's size" if found["macs"] is None else f"{found['macs']:,}"
    lines = code_lines(path.read_text(encoding="utf-8"))
    link = f"[`{network}`](../{path.relative_to(ROOT)})"
    main = FAMILY_MAIN[path]
    drawing = f"[{'itself' if main == network else main}](gallery/{file_name(main)})"
    cells = (link, entry["golden"] or "", parameters, macs, entry["published"] or "", told, lines, drawing)
    return f"| {' | '.join(map(str, cells))} |"


def page() -> str:
    """What docs/zoo.md must hold."""
    paths = dict.fromkeys(FILE.values())
    lines = sum(code_lines(path.read_text(encoding="utf-8")) for path in paths)
    head = HEAD.format(count=len(ZOO), files=len(paths), lines=f"{lines:,}")
    return head + "".join(row(entry) + "\n" for entry in ZOO.values())


if __name__ == "__main__":
    text = page()
    if sys.argv[1:] != ["--check"]:
        PAGE.write_text(text, encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != text:
        sys.exit("docs/zoo.md is not current; run python -m tests.examples.zoo")
