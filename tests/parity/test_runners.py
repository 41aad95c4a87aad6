"""The registry, and every runtime on a real bundle."""

import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from isoship.errors import InputError, RunnerUnavailable
from isoship.parity import runners
from isoship.parity.runners import chromium, http_client, node, process
from isoship.parity.runners.adapter import software_adapter
from isoship.parity.runners.contract import RunnerCrashed, RunnerHung

ROWS = [
    {"height": 171.5, "weight": 66.0, "city": "Oslo"},
    {"height": None, "weight": 40.0, "city": None},
    {"height": 190.0, "weight": 99.0, "city": "Ærø <b>🐧</b>"},
]


def test_names_are_found_without_importing_a_runtime():
    code = (
        "import sys; from isoship.parity import runners; assert len(runners.available()) == 21;"
        "assert runners.available('lambda') == ('lambda', 'lambda-fastapi');"
        "bad = {'onnxruntime', 'onnx', 'sklearn', 'isoship.parity.runners.node'} & set(sys.modules);"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="web-chromium-webgl"):
        runners.open_runner("tfjs")


@pytest.mark.parametrize("name", [
    "onnxruntime",
    "onnxruntime-web",
    "http",
    "tfjs-stock-node-cpu",
    "tfjs-stock-node-wasm",
    "tfjs-stock-chromium-cpu",
    "tfjs-stock-chromium-wasm",
    "tfjs-stock-chromium-webgl",
    "tfjs-stock-chromium-webgpu",
])  # fmt: skip
def test_a_runtime_answers_as_the_source_does_and_ends_what_it_started(name, shipped, source):
    before = threading.active_count()
    runner = runners.open_runner(name)
    assert runner.name == name
    runner.prepare(shipped)
    try:
        got = runner.infer(ROWS)
        stamp = runner.stamp()
        started = _started_by(runner)
    finally:
        runner.close()
    want = source.answers(ROWS).outputs
    assert got["label"].tolist() == want["label"].tolist()
    assert np.abs(got["probabilities"] - want["probabilities"]).max() < (
        1e-6 if runner.precision == "float32" else 1e-12
    )
    assert stamp
    assert (started is None) == (name == "onnxruntime")
    assert started is None or not started.running
    assert threading.active_count() <= before + 1


def test_software_graphics_are_told_by_the_adapter_that_the_browser_names(shipped):
    for backend in ("webgl", "webgpu"):
        runner = runners.open_runner(f"tfjs-stock-chromium-{backend}")
        runner.prepare(shipped)
        try:
            assert software_adapter(runner.stamp()) == "SwiftShader", runner.stamp()
        finally:
            runner.close()


@pytest.mark.parametrize(("name", "said"), [
    ("ANGLE (Mesa, llvmpipe (LLVM 15.0.7 256 bits), OpenGL 4.5)", "llvmpipe"),
    ("ANGLE (Microsoft, Microsoft Basic Render Driver (0x0000008C) Direct3D11 vs_5_0 ps_5_0, D3D11)",
     "Microsoft Basic Render Driver"),
    ("ANGLE (Intel, Mesa Intel(R) UHD Graphics 620 (KBL GT2), OpenGL 4.6)", ""),
    ("apple metal-3", ""),
])  # fmt: skip
def test_an_adapter_is_hardware_unless_its_name_is_that_of_a_program(name, said):
    assert software_adapter({"adapter": name}) == said
    assert software_adapter({"backend": "cpu"}) == ""


def _started_by(part):
    """The process behind a runner, however many objects deep."""
    while part is not None and not isinstance(part, process.Process):
        held = (
            getattr(part, name, None) for name in ("_process", "_driver", "_browser", "_node", "process", "_server")
        )
        part = next((p for p in held if p is not None), None)
    return part


def test_a_bundle_without_the_target_is_unavailable_with_the_line_that_makes_it(shipped):
    shutil.rmtree(shipped.folder / "web")
    for name in ("edge", "web-node-cpu", "tfjs-stock-node-cpu"):
        with pytest.raises(RunnerUnavailable, match="--targets"):
            runners.open_runner(name).prepare(shipped)


def test_a_missing_program_is_unavailable_with_the_line_that_installs_it(shipped, monkeypatch):
    (shipped.folder / "web" / "index.js").write_text("")
    monkeypatch.setenv("PATH", "/nowhere")
    for name, line in (("web-node-cpu", "apt-get install nodejs"), ("web-chromium-wasm", "apt-get install chromium")):
        with pytest.raises(RunnerUnavailable, match=line):
            runners.open_runner(name).prepare(shipped)


def test_missing_stock_tfjs_is_unavailable_with_the_npm_line(monkeypatch, tmp_path):
    monkeypatch.setattr(node, "node_modules", lambda _names: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(RunnerUnavailable, match=r"npm install --prefix \S+isoship/node @tensorflow/tfjs@4\.22\.0"):
        node.stock_modules()


def test_a_missing_onnxruntime_web_is_unavailable_with_the_npm_line(shipped, monkeypatch, tmp_path):
    monkeypatch.setattr(node, "node_modules", lambda _names: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(RunnerUnavailable, match=r"npm install --prefix \S+isoship/node onnxruntime-web@1\.30\.0"):
        runners.open_runner("onnxruntime-web").prepare(shipped)


def test_a_model_that_onnxruntime_web_does_not_load_is_a_crash(shipped):
    (shipped.folder / "model.onnx").write_bytes(b"no model")
    with pytest.raises(RunnerCrashed):
        runners.open_runner("onnxruntime-web").prepare(shipped)


INDEX = """
export async function load({ backend }) {
  %s
  return { backend, predict: async (rows) => { %s } };
}
"""
ANSWER = (
    "return rows.map((r) => ({ label: 'low', probabilities:"
    " { low: 1, '<img src=x onerror=alert(1)>': r.weight, '=high': 0 } }));"
)


def _web(shipped, at_load="", at_predict=ANSWER, name="web-node-cpu"):
    (shipped.folder / "web" / "index.js").write_text(INDEX % (at_load, at_predict), encoding="utf-8")
    (shipped.folder / "web" / "package.json").write_text('{"type": "module"}')
    runner = runners.open_runner(name)
    try:
        runner.prepare(shipped)
        return runner.infer(ROWS)
    finally:
        runner.close()


def test_index_js_is_loaded_as_shipped_and_doubles_cross_to_the_last_bit(shipped):
    got = _web(shipped)
    assert got["probabilities"][:, 1].tolist() == [66.0, 40.0, 99.0]
    assert got["label"].tolist() == ["low"] * 3


FAULTS = [
    ("console.warn('shader failed');", ANSWER, RunnerCrashed, "shader failed"),
    ("", "console.error('0.87 off');" + ANSWER, RunnerCrashed, "0.87 off"),
    ("throw new Error('no such backend');", ANSWER, RunnerCrashed, "no such backend"),
    ("", "throw new RangeError('too large');", RunnerCrashed, "too large"),
    ("", "throw Object.assign(new Error('null'), {name: 'InputError', row: 1, column: 'city'});", InputError, "null"),
]


@pytest.mark.parametrize(("at_load", "at_predict", "error", "said"), FAULTS)
def test_a_warning_or_an_error_in_node_is_a_fault_and_a_refusal_is_a_refusal(shipped, at_load, at_predict, error, said):
    with pytest.raises(error, match=said) as caught:
        _web(shipped, at_load, at_predict)
    if error is InputError:
        assert (caught.value.row, caught.value.column) == (1, "city")


def test_a_node_that_ends_is_a_crash_and_one_that_never_answers_a_hang(shipped, monkeypatch):
    with pytest.raises(RunnerCrashed, match="exit code 3"):
        _web(shipped, at_predict="process.exit(3);")
    monkeypatch.setattr(node, "_ANSWER", 0.5)
    with pytest.raises(RunnerHung, match="no answer"):
        _web(shipped, at_predict="await new Promise((r) => setTimeout(r, 60000));")


@pytest.mark.parametrize(("at_predict", "said"), [
    ("console.warn('webgpu: 0.87 off');" + ANSWER, "0.87 off"),
    ("await fetch('/web/missing.bin');" + ANSWER, "missing.bin was asked for"),
    (
        "const gl = document.createElement('canvas').getContext('webgl2'); gl.bindTexture(99, null);"
        "for (const wait = performance.now(); performance.now() < wait + 300; ) await 0;" + ANSWER,
        "INVALID_ENUM",
    ),
])  # fmt: skip
def test_a_warning_in_the_browsers_console_is_a_fault_even_when_it_is_the_browsers_own(shipped, at_predict, said):
    with pytest.raises(RunnerCrashed, match=said):
        _web(shipped, at_predict=at_predict, name="web-chromium-wasm")


def test_a_browser_without_webgpu_is_unavailable_and_no_fault(shipped, monkeypatch):
    monkeypatch.setattr(chromium, "_WEBGPU", ())
    with pytest.raises(RunnerUnavailable, match="no WebGPU"):
        runners.open_runner("tfjs-stock-chromium-webgpu").prepare(shipped)


def _asked_in_a_browser(shipped, at_predict=ANSWER, name="web-chromium-wasm", at_load=""):
    """The browser that answered, and what became of the answer."""
    (shipped.folder / "web" / "index.js").write_text(INDEX % (at_load, at_predict), encoding="utf-8")
    runner = runners.open_runner(name)
    runner.prepare(shipped)
    browser = runner._driver._browser.process
    try:
        return browser, runner.infer(ROWS)
    except RunnerCrashed as err:
        return browser, err
    finally:
        runner.close()


def test_a_browser_in_good_health_serves_the_next_runtime_from_a_clean_page(shipped):
    counts = "globalThis.seen = (globalThis.seen ?? 0) + 1; localStorage.seen = Number(localStorage.seen ?? 0) + 1;"
    counts += "const n = globalThis.seen * 10 + Number(localStorage.seen);"
    answer = counts + ANSWER.replace("r.weight", "n")
    with chromium.browsers_kept():
        first, got = _asked_in_a_browser(shipped, answer)
        again, next_got = _asked_in_a_browser(shipped, answer)
        stock, stock_got = _asked_in_a_browser(shipped, name="tfjs-stock-chromium-webgl")
        assert first is again is stock
        assert first.running
    assert got["probabilities"][:, 1].tolist() == next_got["probabilities"][:, 1].tolist() == [11.0] * 3
    assert stock_got["probabilities"].shape == (3, 3)
    assert not first.running


def test_a_browser_that_warned_is_not_handed_on_and_its_words_are_no_one_elses(shipped):
    with chromium.browsers_kept():
        first, crash = _asked_in_a_browser(shipped, "console.warn('0.87 off');" + ANSWER)
        second, got = _asked_in_a_browser(shipped)
        assert "0.87 off" in str(crash)
        assert got["label"].tolist() == ["low"] * 3
        assert first is not second
        assert not first.running


@pytest.mark.parametrize("parting", [
    "setTimeout(() => console.warn('late words'), 20);",
    "addEventListener('pagehide', () => console.warn('late words'));",
    "setTimeout(() => { for (;;); }, 20);",
    "setTimeout(() => fetch('/driver/next'), 5);",
])  # fmt: skip
def test_what_a_page_does_after_its_last_answer_is_no_fault_of_the_next(shipped, monkeypatch, parting):
    monkeypatch.setattr(chromium, "_MOVE", 1.5)
    with chromium.browsers_kept():
        _asked_in_a_browser(shipped, parting + ANSWER)
        for _ in range(2):
            _, got = _asked_in_a_browser(shipped)
            assert not isinstance(got, RunnerCrashed), got
            assert got["label"].tolist() == ["low"] * 3


def test_a_page_that_did_not_start_says_why_and_is_not_handed_on(shipped):
    refusal = "throw Object.assign(new Error('no such column'), { name: 'InputError' });"
    with chromium.browsers_kept():
        with pytest.raises(RunnerCrashed, match="did not start: no such column"):
            _asked_in_a_browser(shipped, at_load=refusal)
        _, got = _asked_in_a_browser(shipped)
        assert got["label"].tolist() == ["low"] * 3


def test_a_browser_that_died_while_it_waited_is_replaced(shipped):
    with chromium.browsers_kept():
        first, _ = _asked_in_a_browser(shipped)
        first.process.kill()
        first.process.wait(10)
        second, got = _asked_in_a_browser(shipped)
        assert got["label"].tolist() == ["low"] * 3
        assert first is not second
    assert not second.running


def test_a_process_is_ended_with_its_children():
    script = (
        "import subprocess, sys, time; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True); time.sleep(60)"
    )
    started = process.Process([sys.executable, "-c", script], environment=process.plain_environment(), name="parent")
    for _ in range(200):
        if started.log().strip():
            break
        threading.Event().wait(0.05)
    child = int(started.log())
    started.end()
    for _ in range(100):
        if not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text().split()[2]:
            break
        threading.Event().wait(0.05)
    else:
        pytest.fail("the child outlived its group")
    assert not started.running


def test_infinities_are_written_in_jsons_own_grammar():
    assert http_client.json_of_rows([{"a": float("inf"), "b": float("-inf"), "c": -0.0}]) == (
        b'{"rows": [{"a": 1e999, "b": -1e999, "c": -0.0}]}'
    )
    plain = [{"a": 1e300, "b": None, "c": "ü"}, {"a": -0.0, "b": True, "c": ""}]
    assert json.loads(http_client.json_of_rows(plain)) == {"rows": plain}
    mixed = json.loads(http_client.json_of_rows([*plain, {"a": float("inf"), "b": None, "c": "x"}]))
    assert mixed == {"rows": [*plain, {"a": float("inf"), "b": None, "c": "x"}]}


def test_a_browser_ends_with_a_check_that_is_killed(shipped):
    (shipped.folder / "web" / "index.js").write_text(INDEX % ("", ANSWER), encoding="utf-8")
    code = (
        "import os, sys; from pathlib import Path; from isoship.parity.runners.chromium import ChromiumDriver\n"
        "driver = ChromiumDriver('web-chromium-wasm', 'web', 'wasm', {'web': Path(sys.argv[1])})\n"
        "print(driver._browser.process.process.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    command = [sys.executable, "-c", code, str(shipped.folder / "web")]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert killed.returncode == -9, killed.stderr
    browser = int(killed.stdout)
    deadline = time.monotonic() + 20
    while _lives(browser) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _lives(browser)


def _lives(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
