"""A context or device that the browser takes away: an error or another backend, and nothing waits for ever."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from in_chromium import in_chromium
from strokes import PICTURE, assert_right

#: Remembers what TF.js computes on, so that it can be taken away.
WATCH = """
const contexts = [], devices = [];
for (const { prototype } of [OffscreenCanvas, HTMLCanvasElement]) {
  const get = prototype.getContext;
  prototype.getContext = function (...args) {
    const context = get.apply(this, args);
    if (context) contexts.push(context);
    return context;
  };
}
const request = GPUAdapter.prototype.requestDevice;
GPUAdapter.prototype.requestDevice = async function (...args) {
  const device = await request.apply(this, args);
  devices.push(device);
  return device;
};
const lose = () => {
  for (const context of contexts.filter((one) => !one.isContextLost())) {
    context.getExtension("WEBGL_lose_context").loseContext();
  }
  for (const device of devices) device.destroy();
};
const { load } = await import("/one/index.js");
"""
ASK = f"""
const picture = Float32Array.from({PICTURE.ravel().tolist()});
const logitsOf = ({{ logits }}) => Array.from(logits.data);
const asked = (model) => model.predictTensors({{ picture }}).then(logitsOf);
const said = (work) => work.catch((err) => [err.name, err.message]);
"""


@pytest.mark.parametrize("backend", ["webgl", "webgpu"])
def test_another_backend_answers_where_the_caller_allowed_one(web: Path, logits: Any, backend: str) -> None:
    run = f"""{WATCH}{ASK}
const model = await load({{ backend: [{json.dumps(backend)}, "wasm"] }});
const before = [model.backend, await asked(model)];
lose();
return {{ before, after: [await asked(model), model.backend] }};
"""
    [seen] = in_chromium({"one": web}, {"run": run})
    (was, first), (second, now) = seen["result"]["before"], seen["result"]["after"]
    assert (was, now) == (backend, "wasm")
    assert_right({"logits": first}, logits)
    assert_right({"logits": second}, logits)


@pytest.mark.parametrize("backend", ["webgl", "webgpu"])
def test_a_loss_in_the_middle_of_the_work_ends_it(web: Path, logits: Any, backend: str) -> None:
    """Named alone: an error, for every call that waits; other models and the next load() go on."""
    run = f"""{WATCH}{ASK}
const names = [{json.dumps(backend)}, {json.dumps(backend)}, "cpu"];
const [one, two, other] = await Promise.all(names.map((name) => load({{ backend: name }})));
const waiting = [said(asked(one)), said(asked(two)), said(asked(one))];
lose();
const errors = await Promise.all(waiting);
const again = await said(asked(two));
const fine = await asked(other);
const anew = await load({{ backend: {json.dumps(backend)} }});
return {{ errors, again, fine, anew: [anew.backend, await asked(anew)] }};
"""
    [seen] = in_chromium({"one": web}, {"run": run})
    result = seen["result"]
    for name, message in [result["errors"][2], result["again"]]:
        assert name == "BackendError"
        assert message.startswith(f"{backend} was lost: ")
    assert_right({"logits": result["fine"]}, logits)
    assert result["anew"][0] == backend
    assert_right({"logits": result["anew"][1]}, logits)
