"""The gallery is what the script writes, its links lead somewhere, and it stays small."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from tests.examples import gallery
from tests.examples.networks import ROOT

SOME = ("lenet", "googlenet", "resnet18", "unet", "siamese")  # all of them: python -m tests.examples.gallery --check


def test_the_page_is_current():
    assert gallery.PAGE.read_text(encoding="utf-8") == gallery.page()


@pytest.mark.parametrize("network", SOME)
def test_pictures_are_current(network):
    assert (gallery.FOLDER / gallery.file_name(network)).read_bytes() == gallery.picture(network)


def test_the_block_of_the_readme_is_current():
    assert (gallery.FOLDER / gallery.BLOCK).read_bytes() == gallery.block()


def test_there_is_a_picture_of_each_example_and_no_other():
    wanted = {gallery.file_name(network) for network in gallery.FAMILY_MAIN.values()} | {gallery.BLOCK}
    assert {path.name for path in gallery.FOLDER.iterdir()} == wanted
    assert len(gallery.FAMILY_MAIN) == len(list((ROOT / "examples").rglob("*.net")))


def test_pictures_are_small_and_whole():
    sizes = [path.stat().st_size for path in gallery.FOLDER.iterdir()]
    assert sum(sizes) < gallery.LARGEST
    for path in gallery.FOLDER.iterdir():
        ElementTree.parse(path)


@pytest.mark.parametrize("page", ["README.md", "docs/gallery.md", "docs/zoo.md"])
def test_links_to_pictures_lead_to_pictures(page):
    path = ROOT / page
    text = path.read_text(encoding="utf-8")
    found = re.findall(r"(?:\]\(|src=\")([\w/.]*\.svg)", text)
    assert found
    assert [link for link in found if not (path.parent / link).is_file()] == []
