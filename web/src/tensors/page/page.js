/**
 * The page around a model of tensors: a picture drawn or chosen, or a call as JSON; and the golden calls on request.
 * `?backend=cpu|wasm|webgl|webgpu` in the address chooses the backend of TF.js.
 */

import { load } from "../../index.js";
import { answeredBy, stopwatch } from "../../page/answer/speed.js";
import { byId, messageOf, tell } from "../../page/dom.js";
import { showTrust } from "../../page/identity.js";
import { watchLoading } from "../../page/loading.js";
import { checkWhenIdle, setUpProof } from "../../page/proof.js";
import { setUpTheme } from "../../page/theme.js";
import { pictureOf } from "../pixels.js";
import { answersFor } from "./answers.js";
import { setUpCall } from "./call.js";
import { setUpPicture } from "./picture.js";

/** Milliseconds of a first answer: of a slower network nobody wants dozens of calls unasked. */
const QUICK = 200;

/** @typedef {import("../model.js").TensorModel} TensorModel */

/** @param {TensorModel} model */
function showIdentity(model) {
  const { name, version, digest } = model.manifest;
  document.title = name;
  byId("name").textContent = name;
  byId("identity").textContent = `version ${version} · ${digest.slice(0, 19)}… · computed here, by TensorFlow.js on the ${model.backend} backend, in float32`;
  byId("identity").title = digest;
}

/** Names, dtypes and shapes of what goes in and comes out. @param {string} id @param {{name: string, dtype: string, shape: (string | number)[]}[]} ports */
function showPorts(id, ports) {
  for (const { name, dtype, shape } of ports) {
    const row = /** @type {HTMLTableSectionElement} */ (byId(id)).insertRow();
    for (const text of [name, dtype, `[${shape.join(", ")}]`]) row.insertCell().textContent = text;
  }
}

/** @param {TensorModel} model @returns {(call: Record<string, any>) => Promise<void>} shows the answer to a call, the newest last */
function answering(model) {
  let asked = 0;
  const median = stopwatch();
  return async (call) => {
    const mine = ++asked;
    try {
      const start = performance.now();
      const made = await model.predictTensors(call);
      const took = performance.now() - start;
      if (mine !== asked) return;
      byId("answer-speed").textContent = `answered in ${median(took)} ${answeredBy(model)}`;
      tell("problem", null);
      byId("answer").replaceChildren(...answersFor(model.manifest.outputs, made));
    } catch (err) {
      if (mine !== asked) return;
      byId("answer").replaceChildren();
      byId("answer-speed").textContent = "";
      tell("problem", messageOf(err));
    }
  };
}

setUpTheme();
const loading = watchLoading();
try {
  const asked = new URLSearchParams(location.search).get("backend");
  const backend = /** @type {any} */ (asked === null ? "auto" : [asked, "auto"]);
  const model = /** @type {TensorModel} */ (/** @type {unknown} */ (await load(/** @type {any} */ ({ backend, onProgress: loading.onProgress }))));
  loading.done();
  showIdentity(model);
  showTrust(model);
  showPorts("inputs", model.inputs);
  showPorts("outputs", model.manifest.outputs);
  const check = setUpProof(model, "golden calls", "Same as trained");
  const answer = answering(model);
  const picture = model.inputs.length === 1 ? pictureOf(model.inputs[0]) : null;
  byId(picture === null ? "as-json" : "as-picture").hidden = false;
  const first = picture === null ? setUpCall(model.inputs, answer, tell) : setUpPicture(model.inputs[0].name, picture, answer, tell);
  byId("main").hidden = false;
  const start = performance.now();
  await first();
  checkWhenIdle(check, performance.now() - start < QUICK);
  void import("../../offline/offline.js").then(({ keepWhenIdle }) => keepWhenIdle(model.manifest, byId("offline")));
} catch (err) {
  loading.done();
  byId("name").textContent = "The model did not load";
  tell("failure", messageOf(err));
}
