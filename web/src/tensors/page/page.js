/**
 * The page around a model of tensors: a picture drawn or chosen, or a call as JSON; and the golden calls on request.
 * `?backend=cpu|wasm|webgl|webgpu` in the address chooses the backend of TF.js.
 */

import { load } from "../../index.js";
import { pictureOf } from "../pixels.js";
import { answersFor } from "./answers.js";
import { setUpCall } from "./call.js";
import { setUpPicture } from "./picture.js";

/** @typedef {import("../model.js").TensorModel} TensorModel */

/** @template {HTMLElement} T @param {string} id @returns {T} */
function byId(id) {
  return /** @type {T} */ (document.getElementById(id));
}

/** @param {unknown} err */
function messageOf(err) {
  return err instanceof Error ? err.message : String(err);
}

/** @param {string} id @param {string | null} message */
function tell(id, message) {
  byId(id).textContent = message ?? "";
  byId(id).hidden = message === null;
}

/** @param {TensorModel} model */
function showIdentity(model) {
  const { name, version, digest } = model.manifest;
  document.title = name;
  byId("name").textContent = name;
  byId("identity").textContent = `version ${version} · ${digest.slice(0, 19)}… · computed here, on the ${model.backend} backend`;
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
  return async (call) => {
    const mine = ++asked;
    try {
      const made = await model.predictTensors(call);
      if (mine !== asked) return;
      tell("problem", null);
      byId("answer").replaceChildren(...answersFor(model.manifest.outputs, made));
    } catch (err) {
      if (mine !== asked) return;
      byId("answer").replaceChildren();
      tell("problem", messageOf(err));
    }
  };
}

/** @param {TensorModel} model */
function setUpVerify(model) {
  const button = /** @type {HTMLButtonElement} */ (byId("verify"));
  const result = byId("verify-result");
  button.addEventListener("click", async () => {
    button.disabled = true;
    result.className = "";
    result.textContent = "Replaying…";
    try {
      const { ok, rows, worst, firstDifference } = await model.selftest();
      result.className = ok ? "good" : "bad";
      result.textContent = ok
        ? `Same as trained: ${rows} golden calls, largest difference ${worst.toExponential(1)}.`
        : `Not the same: ${firstDifference}`;
    } catch (err) {
      result.className = "bad";
      result.textContent = messageOf(err);
    } finally {
      button.disabled = false;
    }
  });
}

try {
  const asked = new URLSearchParams(location.search).get("backend");
  const backend = /** @type {any} */ (asked === null ? "auto" : [asked, "auto"]);
  const model = /** @type {TensorModel} */ (/** @type {unknown} */ (await load({ backend })));
  showIdentity(model);
  showPorts("inputs", model.inputs);
  showPorts("outputs", model.manifest.outputs);
  setUpVerify(model);
  const answer = answering(model);
  const picture = model.inputs.length === 1 ? pictureOf(model.inputs[0]) : null;
  byId(picture === null ? "as-json" : "as-picture").hidden = false;
  const first = picture === null ? setUpCall(model.inputs, answer, tell) : setUpPicture(model.inputs[0].name, picture, answer, tell);
  byId("main").hidden = false;
  await first();
  void import("../../offline/offline.js").then(({ keepWhenIdle }) => keepWhenIdle(model.manifest, byId("offline")));
} catch (err) {
  byId("name").textContent = "The model did not load";
  tell("failure", messageOf(err));
}
