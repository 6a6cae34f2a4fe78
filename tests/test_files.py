"""Output files: what may be written where. What happens when writing is broken off is in test_crash.py."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from netdsl.diagnostics import NetdslError
from netdsl.files import BANNER, replace, write_generated

OURS = f'"""{BANNER} from x.net."""\n'
NEW = OURS + "x = 1\n"


def refusal(call, *arguments, **named):
    with pytest.raises(NetdslError) as caught:
        call(*arguments, **named)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".tmp")]


def test_a_new_file_is_written_whole(tmp_path):
    write_generated(tmp_path / "net.py", NEW)
    assert (tmp_path / "net.py").read_text() == NEW
    assert leftovers(tmp_path) == []


def test_what_netdsl_wrote_is_overwritten_and_keeps_its_mode(tmp_path):
    path = tmp_path / "net.py"
    path.write_text(OURS)
    path.chmod(0o640)
    write_generated(path, NEW)
    assert path.read_text() == NEW
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_new_file_has_the_mode_that_umask_says(tmp_path):
    before = os.umask(0o027)
    try:
        write_generated(tmp_path / "net.py", NEW)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "net.py").stat().st_mode) == 0o640


@pytest.mark.parametrize("content", ["import torch\n", f"print('{BANNER}')\n", "#\n" * 40_000 + BANNER])
def test_a_foreign_file_is_kept(tmp_path, content):
    path = tmp_path / "train.py"
    path.write_text(content)
    assert refusal(write_generated, path, NEW).code == "N702"
    assert path.read_text() == content
    write_generated(path, NEW, force=True)
    assert path.read_text() == NEW


def test_a_long_comment_of_the_authors_may_stand_before_the_banner(tmp_path):
    path = tmp_path / "net.py"
    path.write_text('"""' + "A long story.\n" * 1000 + f"\n{BANNER} from net.net.\n" + '"""\n')
    write_generated(path, NEW)
    assert path.read_text() == NEW


def test_an_empty_file_is_nobodys(tmp_path):
    (tmp_path / "net.py").touch()
    write_generated(tmp_path / "net.py", NEW)
    assert (tmp_path / "net.py").read_text() == NEW


def test_a_folder_is_refused_and_a_file_in_it_proposed(tmp_path):
    diagnostic = refusal(write_generated, tmp_path, NEW)
    assert diagnostic.code == "N701"
    assert str(tmp_path / "network.py") in (diagnostic.help or "")


def test_a_missing_folder_is_refused_and_not_made(tmp_path):
    assert refusal(write_generated, tmp_path / "build" / "net.py", NEW).code == "N701"
    assert not (tmp_path / "build").exists()


def test_a_file_for_a_folder_is_refused(tmp_path):
    (tmp_path / "build").touch()
    assert refusal(write_generated, tmp_path / "build" / "net.py", NEW).code == "N701"


@pytest.mark.parametrize("force", [False, True])
def test_the_input_is_never_the_output(tmp_path, force):
    source = tmp_path / "net.net"
    source.write_text(OURS)
    link = tmp_path / "link.py"
    link.symlink_to(source)
    for path in (source, link, tmp_path / "." / "net.net"):
        assert refusal(write_generated, path, NEW, source=source, force=force).code == "N703"
    assert source.read_text() == OURS


@pytest.mark.parametrize("name", ["torch.py", "netdsl.py", "triton.py", "Torch.py", "typing.py", "types.PY"])
@pytest.mark.parametrize("force", [False, True])
def test_a_name_that_hides_a_module_is_refused(tmp_path, name, force):
    assert refusal(write_generated, tmp_path / name, NEW, force=force).code == "N704"


def test_a_link_within_the_folder_is_written_through(tmp_path):
    (tmp_path / "real.py").write_text(OURS)
    (tmp_path / "link.py").symlink_to("real.py")
    write_generated(tmp_path / "link.py", NEW)
    assert (tmp_path / "real.py").read_text() == NEW
    assert (tmp_path / "link.py").is_symlink()


def test_a_link_into_another_folder_is_refused(tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "real.py").write_text(OURS)
    link = tmp_path / "here" / "link.py"
    link.symlink_to(tmp_path / "real.py")
    assert refusal(write_generated, link, NEW).code == "N701"
    assert (tmp_path / "real.py").read_text() == OURS
    write_generated(link, NEW, force=True)
    assert (tmp_path / "real.py").read_text() == NEW


def test_the_null_device_stays_a_device():
    write_generated(Path(os.devnull), NEW)
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_a_read_only_file_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "net.py"
    path.write_text(OURS)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anything
    assert refusal(write_generated, path, NEW).code == "N705"
    assert path.read_text() == OURS


def test_what_a_killed_writer_left_is_swept_up(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    old, young, foreign = (
        tmp_path / n for n in (f".net.py.{gone.pid}-0.tmp", f".net.py.{gone.pid}-1.tmp", ".net.py.tmp")
    )
    alive = tmp_path / f".net.py.{os.getppid()}-9.tmp"
    namesake = tmp_path / f".net.py.{os.getpid()}-9.tmp"  # of another container, where it had our number
    for path in (old, young, foreign, alive, namesake):
        path.touch()
    for path in (old, foreign, alive, namesake):
        os.utime(path, (0, 0))
    replace(tmp_path / "net.py", NEW)
    assert not old.exists()
    assert not namesake.exists()
    assert young.exists()
    assert foreign.exists()
    assert alive.exists()
