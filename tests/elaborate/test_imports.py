"""Imports: contained in a folder, without circles, each file once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from netdsl.diagnostics import NetdslError
from netdsl.syntax.elaborate import check_program, load
from netdsl.syntax.read import from_text, read_source

UNIT = "block unit(c) = conv(c, 3) -> relu\nlet width = 8\nnet small { input x: 3x8x8; output y = x -> unit(4) }\n"
USER = 'import "unit.net"\nnet n { input x: 3x8x8; output y = x -> unit(width) }\n'


def said(path: Path, root: Path | None = None) -> list[str]:
    try:
        return [d.code for d in check_program(load(read_source(path), path.parent if root is None else root))]
    except NetdslError as error:
        return [d.code for d in error.diagnostics]


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".net")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "main.net"


def test_names_come_by_themselves_or_with_a_prefix(tmp_path: Path) -> None:
    assert said(write(tmp_path, unit=UNIT, main=USER)) == []
    prefixed = 'import "unit.net" as u\nnet n { input x: 3x8x8; output y = x -> u.unit(u.width) -> u.small }\n'
    assert said(write(tmp_path, main=prefixed)) == []


def test_a_file_in_a_folder_imports_beside_itself(tmp_path: Path) -> None:
    inner = 'import "unit.net"\nblock two = unit(4) -> unit(4)\n'
    main = 'import "parts/two.net"\nnet n { input x: 3x8x8; output y = x -> two }\n'
    assert said(write(tmp_path, parts__unit=UNIT, parts__two=inner, main=main)) == []


def test_two_files_may_import_the_same_third_one(tmp_path: Path) -> None:
    a = 'import "unit.net"\nblock a = unit(4)\n'
    b = 'import "unit.net"\nblock b = unit(4)\n'
    main = 'import "a.net"\nimport "b.net"\nimport "unit.net"\n'
    main += "net n { input x: 3x8x8; output y = x -> a -> b -> unit(3) }\n"
    assert said(write(tmp_path, unit=UNIT, a=a, b=b, main=main)) == []


def test_what_an_import_imports_is_not_brought_along(tmp_path: Path) -> None:
    a = 'import "unit.net"\nblock a = unit(4)\n'
    main = 'import "a.net"\nnet n { input x: 3x8x8; output y = x -> a -> unit(3) }\n'
    assert said(write(tmp_path, unit=UNIT, a=a, main=main)) == ["N201"]


def test_expectations_of_imported_files_are_not_checked_again(tmp_path: Path) -> None:
    assert said(write(tmp_path, unit=UNIT + "expect small.params == 1\n", main=USER)) == []
    assert "N501" in said(tmp_path / "unit.net")


def test_mistakes_in_an_imported_file_are_shown_there(tmp_path: Path) -> None:
    main = write(tmp_path, unit="block unit(c) = conv(c 3)\n", main=USER)
    with pytest.raises(NetdslError) as error:
        load(read_source(main), tmp_path)
    (found,) = error.value.diagnostics
    assert found.span is not None
    assert Path(found.span.source.name).name == "unit.net"


def test_a_circle_is_refused(tmp_path: Path) -> None:
    assert said(write(tmp_path, main='import "main.net" as m\nblock b = relu\n')) == ["N604"]
    a, b = 'import "b.net" as b\nblock p = b.q\n', 'import "a.net" as a\nblock q = a.p\n'
    main = write(tmp_path, a=a, b=b, main='import "a.net" as a\nnet n { input x: [3]; output y = x -> a.p }\n')
    with pytest.raises(NetdslError) as error:
        load(read_source(main), tmp_path)
    (found,) = error.value.diagnostics
    assert (found.code, found.message) == (
        "N604",
        "the imports go in a circle: a.net imports b.net imports a.net",
    )


def test_a_circle_through_a_link_is_one_too(tmp_path: Path) -> None:
    main = write(tmp_path, main='import "other.net" as o\nblock b = o.b\n')
    (tmp_path / "other.net").symlink_to(main)
    assert said(main) == ["N604"]


@pytest.mark.parametrize(
    "path",
    [
        "../unit.net",
        "a/../../unit.net",
        "/etc/passwd",
        "~/unit.net",
        "C:\\\\unit.net",
        "C:/unit.net",
        "a\\\\b.net",
        "$HOME/unit.net",
        "unit.txt",
        "unit",
    ],
)
def test_only_plain_relative_paths_are_followed(tmp_path: Path, path: str) -> None:
    assert said(write(tmp_path, main=f'import "{path}" as u\nblock b = u.unit\n')) == ["N606"]


def test_a_computed_path_is_refused(tmp_path: Path) -> None:
    assert said(write(tmp_path, main='import "u{1}.net" as u\nblock b = u.unit\n')) == ["N606"]


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    write(tmp_path, secret=UNIT)
    main = write(inside, main='import "link.net" as u\nblock b = u.unit(3)\n')
    (inside / "link.net").symlink_to(tmp_path / "secret.net")
    assert said(main) == ["N603"]
    assert said(main, root=tmp_path) == []


def test_a_folder_that_is_a_link_out_is_refused_too(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    write(tmp_path / "other", secret=UNIT)
    main = write(inside, main='import "link/secret.net" as u\nblock b = u.unit(3)\n')
    (inside / "link").symlink_to(tmp_path / "other")
    assert said(main) == ["N603"]


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    main = write(tmp_path, main='import "pipe.net" as u\nblock b = u.unit(3)\n')
    os.mkfifo(tmp_path / "pipe.net")
    assert said(main) == ["N602"]
    (tmp_path / "pipe.net").unlink()
    (tmp_path / "pipe.net").mkdir()
    assert said(main) == ["N602"]


def test_a_missing_file_gets_a_suggestion(tmp_path: Path) -> None:
    main = write(tmp_path, unit=UNIT, main='import "unti.net" as u\nblock b = u.unit(3)\n')
    with pytest.raises(NetdslError) as error:
        load(read_source(main), tmp_path)
    (found,) = error.value.diagnostics
    assert (found.code, found.help) == ("N602", "did you mean `unit.net`?")


def test_a_text_without_a_file_imports_nothing() -> None:
    with pytest.raises(NetdslError) as error:
        load(from_text("<text>", 'import "unit.net" as u\nblock b = u.unit(3)\n'), None)
    assert [d.code for d in error.value.diagnostics] == ["N602"]


def test_an_unused_import_is_a_mistake(tmp_path: Path) -> None:
    net = "net n { input x: 3x8x8; output y = x -> relu }\n"
    assert said(write(tmp_path, unit=UNIT, main=f'import "unit.net"\n{net}')) == ["N304"]
    assert said(write(tmp_path, main=f'import "unit.net" as u\n{net}')) == ["N304"]


def test_names_that_collide_are_refused(tmp_path: Path) -> None:
    main = 'import "unit.net"\nblock unit(c) = conv(c, 1)\nnet n { input x: 3x8x8; output y = x -> unit(width) }\n'
    assert said(write(tmp_path, unit=UNIT, main=main)) == ["N206"]


def test_there_may_be_64_files_and_imports_16_deep(tmp_path: Path) -> None:
    files = {f"f{i}": f'import "f{i + 1}.net" as g\nblock b = g.b\n' for i in range(20)}
    files["f20"] = "block b = relu\n"
    assert said(write(tmp_path, **files, main='import "f0.net" as g\nblock b = g.b\n')) == ["N605"]
    assert said(write(tmp_path, **files, main='import "f8.net" as g\nblock b = g.b\n')) == []
    wide = {f"w{i}": f"block b{i} = relu\n" for i in range(70)}
    text = "".join(f'import "w{i}.net"\n' for i in range(70))
    text += "block b = " + " -> ".join(f"b{i}" for i in range(70)) + "\n"
    assert set(said(write(tmp_path, **wide, main=text))) == {"N605"}


def test_a_recursion_through_imports_ends(tmp_path: Path) -> None:
    lib = "block apply(f) = f -> f\n"
    main = 'import "lib.net"\nblock a(n) = lib_step\nblock lib_step = apply(a(1))\n'
    main += "net n { input x: [3]; output y = x -> a(2) }\n"
    assert said(write(tmp_path, lib=lib, main=main.replace("block a(n)", "block a(_n)"))) == ["N611"]
