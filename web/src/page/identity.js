/**
 * Which model this is, what answers here, and which backends were not trusted with it.
 */

import { answeredBy } from "./answer/speed.js";
import { byId, make } from "./dom.js";
import { hasRowProgram } from "../manifest.js";

/** @param {import("../index.js").Model} model */
export function showIdentity(model) {
  const { name, version, digest } = model.manifest;
  document.title = name;
  byId("name").textContent = name;
  const how = model.engine === "rows" || model.backend === "javascript" ? answeredBy(model) : `by TensorFlow.js on the ${model.backend} backend, in float32`;
  byId("identity").textContent = `version ${version} · ${digest.slice(0, 19)}… · computed here, ${how}`;
  byId("identity").title = digest;
}

/**
 * Says of each backend that failed its trial why, and what answers instead.
 * @param {any} model
 */
export function showTrust(model) {
  const failed = (model.trust?.tried ?? []).filter((/** @type {any} */ one) => !one.ok && !one.slow);
  byId("trust").hidden = failed.length === 0;
  byId("trust").replaceChildren(...failed.map((/** @type {any} */ { backend, adapter, why, kept }) => {
    const where = adapter ? ` (${adapter})` : "";
    const when = kept ? " when this page was here before" : "";
    return make("p", "", `TensorFlow.js on ${backend}${where} was not trusted on this device${when}: ${String(why).replace(/\.$/, "")}.`);
  }));
  if (failed.length > 0) byId("trust").append(make("p", "", `Answers are computed ${answeredBy(model)} instead.`));
}

/** The switch to the other engine, which is another address. @param {import("../index.js").Model} model */
export function setUpEngine(model) {
  const tfjs = /** @type {HTMLInputElement} */ (byId("engine-tfjs"));
  tfjs.checked = model.engine === "tfjs";
  tfjs.disabled = !hasRowProgram(model.manifest);
  byId("engine-now").textContent = `Now answered ${answeredBy(model)}.${tfjs.disabled ? " This bundle has no row program." : ""}`;
  tfjs.addEventListener("change", () => {
    location.search = tfjs.checked ? "?engine=tfjs" : "";
  });
}
