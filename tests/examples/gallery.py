"""docs/gallery.md and its pictures: the main network of each example, folded, and the block of ResNet for the README.

`python -m tests.examples.gallery` writes them, with `--check` it only says whether they are current.
"""

from __future__ import annotations

import sys
from pathlib import Path

from netdsl.compiler import compile_source
from netdsl.syntax.read import from_text
from tests.examples.networks import EXAMPLES, FILE, ROOT, ZOO, compiled

PAGE = ROOT / "docs" / "gallery.md"
FOLDER = ROOT / "docs" / "gallery"
BLOCK = "bottleneck.svg"
LARGEST = 3_000_000  # bytes of all pictures together

HEAD = """\
# The gallery

The main network of each example, as `netdsl draw --fold` draws it. What repeats is drawn once, with how often it runs,
and as many blocks are open as a page holds; a net is a U where its text makes it one. This page is made by
`python -m tests.examples.gallery`; do not edit it. The figures of all {count} networks are in [the zoo](zoo.md).
"""


def main_of(path: Path) -> str:
    """The network named like its file, else the file's first."""
    found = [network for network in FILE if FILE[network] == path]
    return path.stem if path.stem in found else found[0]


FAMILY_MAIN = {path: main_of(path) for path in dict.fromkeys(FILE.values())}


def file_name(network: str) -> str:
    return f"{ZOO[network]['net']}.svg"


def picture(network: str) -> bytes:
    return bytes(compiled(network).draw(format="svg", fold=True))


def block() -> bytes:
    """The block that the README shows: ResNet's, with the projection of its first unit."""
    text = (EXAMPLES / "resnet.net").read_text(encoding="utf-8")
    text += "\nnet unit { input x: 64x56x56; output y = x -> unit: bottleneck(64) }\n"
    return compile_source(from_text("resnet.net", text), None, "unit", {}, {}).draw(format="svg")


def page() -> str:
    """What docs/gallery.md must hold."""
    parts = [HEAD.format(count=len(ZOO))]
    for path, network in FAMILY_MAIN.items():
        doc = compiled(network).graph.definition.head
        parts.append(
            f"\n## {network}\n\n[`{doc}`](../{path.relative_to(ROOT)})\n\n"
            f'<img src="gallery/{file_name(network)}" alt="{network}, drawn from top to bottom">\n'
        )
    return "".join(parts)


def files() -> dict[Path, bytes]:
    """Everything that the script writes."""
    found = {PAGE: page().encode(), FOLDER / BLOCK: block()}
    return found | {FOLDER / file_name(network): picture(network) for network in FAMILY_MAIN.values()}


if __name__ == "__main__":
    wanted = files()
    if sys.argv[1:] != ["--check"]:
        FOLDER.mkdir(exist_ok=True)
        for left in FOLDER.glob("*.svg"):
            left.unlink()
        for path, data in wanted.items():
            path.write_bytes(data)
    elif any(not path.exists() or path.read_bytes() != data for path, data in wanted.items()):
        sys.exit("the gallery is not current; run python -m tests.examples.gallery")
