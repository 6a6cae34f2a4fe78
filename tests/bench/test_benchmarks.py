"""The scripts of benchmarks/: what they run, that they go on, and what they write; the runs themselves are faked."""

from __future__ import annotations

import json
import sys

import pytest

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
    assert not found["unfinished"]
    assert found["error"].startswith("error[N180]")
    assert "no/such/file.net" in found["error"]


# ------------------------------------------------------------------------------------------------------------ the GPU


@pytest.fixture
def faked(monkeypatch, measured):
    def run(command, seconds, environment=None):
        measured.append(" ".join(command[1:]))
        return 0, "3 passed", "", 1.0

    monkeypatch.setattr(child, "run", run)
    return measured


def test_jobs_go_from_proofs_to_cells_and_slow_peers_come_after_all_networks(tmp_path):
    keys = [job.key for job in gpu.whole_plan().jobs()]
    assert len(set(keys)) == len(keys) == 5 + 8 + 3 * 8 * 5 + 6 * 5
    assert keys[0] == "suite: engine"
    assert keys[1] == "verify resnet50"
    assert keys[2] == "resnet50 batch 32 float16, eager"
    assert keys[2 + 8] == "verify densenet121"
    assert keys[2 + 8 + 7] == "suite: kernels"
    assert keys[2 + 8 + 7 + 4] == "resnet50 batch 32 float16, inductor"


def test_a_later_call_goes_on_and_measures_no_peer_twice(tmp_path, faked, monkeypatch):
    first, second = tmp_path / "first", tmp_path / "second"
    assert gpu.main(["--rehearse", "--out", str(first), "--only", "residual"]) == 0
    assert len(faked) == 1 + 2 * 3
    (first / "gpu_cache").mkdir()
    (first / "gpu_cache" / "engine-1.json").write_text("{}")
    faked.clear()
    assert gpu.main(["--rehearse", "--out", str(second), "--resume", str(first / "gpu.json")]) == 0
    assert len(faked) == 5 + 1 + 2 * 3
    assert not any("residual" in call for call in faked)
    assert (second / "gpu_cache" / "engine-1.json").exists()
    assert json.loads((second / "gpu.json").read_text())["cells"]["suite: engine"]["status"] == 0
    assert "residual, batch 2, float32" in (second / "gpu.md").read_text()


def test_a_job_is_measured_again_where_that_is_asked_for(tmp_path, faked):
    gpu.main(["--rehearse", "--out", str(tmp_path)])
    faked.clear()
    gpu.main(["--rehearse", "--out", str(tmp_path), "--again", "dense batch 2"])
    assert [call.split("--peers ")[1].split()[0] for call in faked] == ["eager", "inductor", "jax"]


def test_nothing_is_begun_when_time_is_over(tmp_path, faked, capsys):
    gpu.main(["--rehearse", "--out", str(tmp_path), "--minutes", "0.1"])
    assert not faked
    assert "0 of 19 jobs done" in capsys.readouterr().out


@pytest.mark.nightly
def test_the_rehearsal_runs_every_job_without_a_gpu(tmp_path):
    command = [sys.executable, "-m", "benchmarks.gpu", "--rehearse", "--out", str(tmp_path), "--minutes", "30"]
    status, out, err, _ = child.run(command, 1800, {"OMP_NUM_THREADS": "1"})
    assert status == 0, err
    assert "19 of 19 jobs done" in out
    cells = json.loads((tmp_path / "gpu.json").read_text())["cells"]
    assert not [key for key, found in cells.items() if found.get("error") or found.get("status")]
    wrong = {r["error"] for found in cells.values() for r in found.get("rows", ()) if r["error"] and r["peer"] != "jax"}
    assert not wrong
