"""The scripts of benchmarks/: what they run, that they go on, and what they write; the runs themselves are faked."""

from __future__ import annotations

import json
import signal
import sys

import pytest
import torch

from benchmarks import child, cpu, gpu, report
from benchmarks.book import Book
from benchmarks.networks import NETWORKS


def row(peer, milliseconds, ratio=None, error=None):
    found = {"peer": peer, "batch": 1, "dtype": "float32", "median_ms": milliseconds, "spread": 0.2, "error": error}
    found |= {"rounds": 20, "compile_s": 1.5, "ratio": None, "images_per_s": 1.0, "note": "", "off": 1e-6}
    if ratio:
        found["ratio"] = {"median": ratio, "low": 0.98 * ratio, "high": ratio / 0.98}
    return found


def cell(*rows):
    about = {"machine": "AMD EPYC", "device": "cpu", "threads": 2, "versions": {"torch": "2.13.0"}, "notes": []}
    return {"network": "x", "date": "2026-11-25", "seconds": 3.0, "rows": list(rows), **about}


@pytest.fixture
def measured(monkeypatch):
    """Cells that were asked for; each comes out the same."""
    calls = []

    def bench(arguments, seconds, environment=None):
        calls.append(" ".join(arguments))
        return cell(
            row("netdsl", 10.0), row("eager", 15.0, 1.5), row("openvino", 9.0, 0.9), row("jax", None, error="no")
        )

    monkeypatch.setattr(child, "bench", bench)
    return calls


def test_all_cells_are_measured_batch_1_first_and_the_longest_last(tmp_path, measured):
    assert cpu.main(["--results", str(tmp_path / "cpu.json"), "--pairs", "7"]) == 0
    assert len(measured) == 2 * len(NETWORKS) * (2 if cpu.has_bf16() else 1)
    assert measured[0].startswith("bench examples/resnet.net --net resnet50 --json --batch 1 --dtype float32 --pairs 7")
    assert "--peers eager,inductor,onnxruntime,openvino" in measured[0]
    assert all("--batch 1 " in call for call in measured[: len(NETWORKS)])
    assert "--net unet" in measured[-1]
    assert "--batch 8" in measured[-1]


def test_a_second_call_measures_only_what_is_not_there(tmp_path, measured):
    results = tmp_path / "cpu.json"
    cpu.main(["--results", str(results), "--only", "resnet50 batch 1"])
    assert len(measured) == 1
    book = Book(results)
    book.put("vgg16 batch 1 float32", {"error": "cut off", "rows": [], "unfinished": True, "seconds": 1.0})
    book.put("unet batch 1 float32", {"error": "no such operator", "rows": [], "unfinished": False, "seconds": 1.0})
    cpu.main(["--results", str(results), "--only", "batch 1 float32"])
    again = [call.split("--net ")[1].split()[0] for call in measured[1:]]
    assert "vgg16" in again
    assert not {"resnet50", "unet"} & set(again)
    measured.clear()
    cpu.main(["--results", str(results), "--report"])
    assert not measured


def test_no_cell_is_begun_that_would_end_too_late(tmp_path, measured, capsys):
    cpu.main(["--results", str(tmp_path / "cpu.json"), "--minutes", "6", "--only", "batch 8 float32"])
    assert measured
    assert not any("--net unet" in call for call in measured)
    assert "no time for unet batch 8 float32" in capsys.readouterr().out


def test_the_page_has_every_cell_and_marks_where_netdsl_loses(tmp_path, measured):
    cpu.main(["--results", str(tmp_path / "cpu.json"), "--only", "batch 1 float32"])
    page = (tmp_path / "cpu.md").read_text()
    assert "| ResNet-50, batch 1, float32 | 10.0 ± 0.1 | 1.50 (1.47–1.53) | **0.90 (0.88–0.92)** |  |" in page
    assert "| batch 1, float32 (8 cells) | 1.50 (1.49–1.51) | **0.90 (0.89–0.91)** |  |" in page
    assert "- U-Net, batch 8, float32: found no time" in page
    assert "- VGG-16, batch 1, float32, jax: no" in page
    assert "2 threads; torch 2.13.0" in page
    picture = (tmp_path / "cpu.svg").read_text()
    assert picture.count("<circle") == 3 + 2 * len(NETWORKS)  # a legend, and a dot where there is a ratio


@pytest.mark.parametrize(
    ("milliseconds", "said"), [(123.456, "123.5 ± 0.1"), (9.876, "9.88 ± 0.10"), (0.4567, "0.457 ± 0.100")]
)
def test_short_times_have_as_many_digits(milliseconds, said):
    book = Book(child.ROOT / "nothing")
    book.cells["resnet50 batch 1 float32"] = cell(row("netdsl", milliseconds))
    assert f"| ResNet-50, batch 1, float32 | {said} |" in report.page(book, list(book.cells), "")


def test_a_geometric_mean_of_equals_is_theirs_and_surer():
    one = report.Ratio(1.5, 1.4, 1.6)
    mean = report.geometric_mean([one] * 4)
    assert mean.median == pytest.approx(1.5)
    assert mean.high / mean.low == pytest.approx((1.6 / 1.4) ** 0.5)
    assert report.geometric_mean([report.Ratio(0.5, 0.5, 0.5), report.Ratio(2, 2, 2)]).median == pytest.approx(1)


def test_a_child_that_takes_too_long_is_ended():
    status, out, _, seconds = child.run([sys.executable, "-c", "print(1, flush=True); import time; time.sleep(60)"], 3)
    assert status is None
    assert out == "1\n"
    assert seconds < 30


def test_a_child_that_takes_too_long_may_say_what_it_knows():
    wait = (
        "import sys, time\ntry:\n    print(1, flush=True)\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print(2)"
    )
    status, out, err, seconds = child.run([sys.executable, "-c", wait], 3)
    assert (status, out, err) == (None, "1\n2\n", "")
    assert seconds < 30


def test_a_child_that_will_not_end_is_ended(monkeypatch):
    monkeypatch.setattr(child, "LAST_WORDS", 0.5)
    deaf = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint(1, flush=True)\ntime.sleep(60)"
    status, out, _, seconds = child.run([sys.executable, "-c", deaf], 3)
    assert (status, out) == (None, "1\n")
    assert seconds < 30


def test_a_child_that_prints_no_json_says_why():
    found = child.bench(["bench", "no/such/file.net"], 120)
    assert not found["rows"]
    assert found["unfinished"]
    assert found["error"].startswith("error[N180]")
    assert "no/such/file.net" in found["error"]
    assert found["said"]


@pytest.fixture
def program(monkeypatch, tmp_path):
    """A program in the place of `netdsl`."""

    def put(text):
        package = tmp_path / "netdsl"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(text)
        monkeypatch.setattr(child, "ROOT", tmp_path)

    return put


def test_what_libraries_print_around_the_json_does_no_harm(program):
    program("print('warning: {'); print('{\"rows\": [1]}'); print('{bye'); print('bye')")
    assert child.bench([], 60)["rows"] == [1]


def test_a_fault_says_where(program):
    program("import ctypes\ndef conv_tma_box():\n    ctypes.string_at(0)\nconv_tma_box()")
    found = child.bench([], 60)
    assert found["error"] == "Fatal Python error: Segmentation fault"
    assert found["status"] == -signal.SIGSEGV
    assert any("in conv_tma_box" in line for line in found["said"])


def test_what_is_cut_off_tells_what_it_was_doing_and_not_more_than_is_worth_keeping(program):
    said = f"print(*range({3 * child.LINES}), 'trying x', sep='\\n', file=sys.stderr, flush=True)"
    program(f"import sys, time\n{said}\ntime.sleep(60)")
    found = child.bench([], 3)
    assert found["unfinished"]
    assert found["status"] is None
    assert len(found["said"]) == child.LINES
    assert found["error"].startswith("cut off after: ")


def test_what_will_not_end_says_where_it_waits(monkeypatch):
    monkeypatch.setattr(child, "LAST_WORDS", 0.5)
    deaf = (
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "def synchronize():\n    time.sleep(60)\nsynchronize()"
    )
    status, _, err, _ = child.run([sys.executable, "-c", deaf], 3)
    assert status is None
    assert "in synchronize" in err


# ------------------------------------------------------------------------------------------------------------ the GPU


@pytest.fixture
def faked(monkeypatch, measured):
    def run(command, seconds, environment=None):
        measured.append(" ".join(command[1:]))
        return 0, '{"milliseconds": 1.5}' if "--json" in command else "3 passed", "", 1.0

    monkeypatch.setattr(child, "run", run)
    return measured


def test_jobs_begin_with_resnet_and_slow_peers_come_after_all_networks():
    jobs = list(gpu.whole_plan().jobs())
    keys = [job.key for job in jobs]
    assert len(set(keys)) == len(keys) == 1 + 6 + 8 + 3 * 8 * 4 + 6 * 4 + 3 * 2
    assert keys[:2] == ["resnet50 batch 32 float16, eager", "steps of resnet50 batch 32 float16"]
    assert keys[2:5] == ["suite: engine", "suite: kernels", "verify resnet50"]
    assert keys[5 + 7 :][:3] == ["suite: launches", "suite: modules", "suite: networks"]
    assert keys[5 + 7 + 3 + 7] == "resnet50 batch 32 float16, inductor"
    slowest = [index for index, key in enumerate(keys) if key.endswith("max-autotune")]
    assert slowest == list(range(len(keys) - 6, len(keys)))
    assert keys[-7] == "suite: configurations"
    assert {key.split()[0] for key in keys[-6:]} == {"resnet50", "vgg16"}
    assert [job.cell for job in jobs if job.note and job.peer == "eager"] == ["unet batch 256 float16"]


def test_every_job_of_tests_has_tests():
    for file, *chosen in gpu.SUITE.values():
        text = (child.ROOT / "tests" / file).read_text()
        (words,) = chosen[1:] or ["test"]
        assert f"_{words.partition(' ')[0]}" in text.replace("def test", "_test"), words


def test_a_later_call_goes_on_and_measures_no_peer_twice(tmp_path, faked, monkeypatch):
    first, second = tmp_path / "first", tmp_path / "second"
    assert gpu.main(["--rehearse", "--out", str(first), "--only", "residual"]) == 0
    assert len(faked) == 2 + 2 * 3
    (first / "gpu_cache").mkdir()
    (first / "gpu_cache" / "engine-1.json").write_text("{}")
    faked.clear()
    assert gpu.main(["--rehearse", "--out", str(second), "--resume", str(first / "gpu.json")]) == 0
    assert len(faked) == 6 + 1 + 2 * 3
    assert not any("residual" in call for call in faked)
    assert (second / "gpu_cache" / "engine-1.json").exists()
    cells = json.loads((second / "gpu.json").read_text())["cells"]
    assert cells["suite: engine"]["status"] == 0
    assert cells["steps of residual batch 2 float32"]["json"] == {"milliseconds": 1.5}
    page = (second / "gpu.md").read_text()
    assert "residual, batch 2, float32" in page
    assert "cold caches" not in page


def test_results_of_another_gpu_are_not_gone_on_with(tmp_path, faked, capsys):
    book = Book(tmp_path / "first" / "gpu.json")
    book.about["GPU"] = "NVIDIA H200"
    book.save()
    assert gpu.main(["--rehearse", "--out", str(tmp_path), "--resume", str(book.path)]) == 2
    assert not faked
    assert capsys.readouterr().err.splitlines() == [
        "the results are of NVIDIA H200 and this is no GPU: a rehearsal: begin others with --out"
    ]


def test_nothing_is_begun_where_something_is_missing(tmp_path, faked, capsys, monkeypatch):
    def said():
        assert gpu.main(["--out", str(tmp_path)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        return line

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert said() == "torch sees no NVIDIA GPU here; --rehearse does without"
    monkeypatch.setattr(gpu, "about", lambda: {"GPU": "NVIDIA H100"})
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with monkeypatch.context() as patched:
        patched.setattr(gpu, "NEEDED", ("lark", "no_such_package"))
        assert said() == "not installed: no_such_package"
    assert not faked
    monkeypatch.setattr(child, "run", lambda *given: (1, "", "Traceback\nTypeError: no\n", 0.1))
    assert said() == "`netdsl bench` does not start: TypeError: no"
    assert not (tmp_path / "gpu.json").exists()


def test_what_died_is_tried_again_after_all_others(tmp_path, faked, monkeypatch):
    def dies(command, seconds, environment=None):
        faked.append(" ".join(command[1:]))
        return (1, "", "No module named pytest", 1.0) if "pytest" in command else (0, "passed", "", 1.0)

    monkeypatch.setattr(child, "run", dies)
    gpu.main(["--rehearse", "--out", str(tmp_path), "--only", "suite: engine"])
    gpu.main(["--rehearse", "--out", str(tmp_path), "--only", "verify"])
    book = Book(tmp_path / "gpu.json")
    assert not book.done("suite: engine")
    assert book.done("verify residual")
    faked.clear()
    gpu.main(["--rehearse", "--out", str(tmp_path)])
    assert "test_engine" in faked[-1]
    assert not any("verify" in call for call in faked)


def test_a_job_is_measured_again_where_that_is_asked_for(tmp_path, faked):
    gpu.main(["--rehearse", "--out", str(tmp_path)])
    faked.clear()
    gpu.main(["--rehearse", "--out", str(tmp_path), "--again", "dense batch 2"])
    assert [call.split("--peers ")[1].split()[0] for call in faked] == ["eager", "inductor", "jax"]


def test_nothing_is_begun_when_time_is_over(tmp_path, faked, capsys):
    gpu.main(["--rehearse", "--out", str(tmp_path), "--minutes", "0.1"])
    assert not faked
    assert "0 of 21 jobs done" in capsys.readouterr().out


@pytest.mark.nightly
def test_the_rehearsal_runs_every_job_without_a_gpu(tmp_path):
    command = [sys.executable, "-m", "benchmarks.gpu", "--rehearse", "--out", str(tmp_path), "--minutes", "30"]
    status, out, err, _ = child.run(command, 1800, {"OMP_NUM_THREADS": "1"})
    assert status == 0, err
    assert "21 of 21 jobs done" in out
    cells = json.loads((tmp_path / "gpu.json").read_text())["cells"]
    assert not [key for key, found in cells.items() if found.get("error") or found.get("status")]
    wrong = {r["error"] for found in cells.values() for r in found.get("rows", ()) if r["error"] and r["peer"] != "jax"}
    assert not wrong
