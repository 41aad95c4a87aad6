// A runner's half in a browser: posts answers to the runner's server, which answers with the next request.

import { adapterOf } from "./adapter.mjs";
import { watchConsole } from "./console.mjs";
import { errorOf, shippedModel } from "./shipped.mjs";
import { stampOf, stockModel } from "./stock.mjs";

const query = new URLSearchParams(location.search);
const mode = query.get("mode");
const backend = query.get("backend") ?? "";
const warnings = watchConsole();
// The runner reads the browser's log, where every message has one level: only complaints may stand there.
console.log = console.info = console.debug = () => {};

async function start() {
  if (mode === "lobby") return null; // waits to be sent on
  if (backend === "webgpu" && !(await /** @type {any} */ (navigator).gpu?.requestAdapter())) {
    throw Object.assign(new Error("this browser has no WebGPU: Chromium 121 or newer has a software adapter"), { name: "Unavailable" });
  }
  if (mode === "web") return shippedModel(await import("/web/index.js"), backend);
  await script("/stock/tfjs/dist/tf.min.js");
  const tf = /** @type {any} */ (globalThis).tf;
  if (backend === "wasm") {
    await script("/stock/tfjs-backend-wasm/dist/tf-backend-wasm.min.js");
    tf.wasm.setWasmPaths("/stock/tfjs-backend-wasm/dist/");
  }
  if (backend === "webgpu") await script("/stock/tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js");
  if (!(await tf.setBackend(backend))) throw new Error(`TF.js has no working backend ${backend} here`);
  await tf.ready();
  return { answer: await stockModel(tf, "/web/model.json"), stamp: stampOf(tf) };
}

/** @param {string} url */
function script(url) {
  return new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement("script"), { src: url, onload: resolve });
    element.onerror = () => reject(new Error(`${url} did not load`));
    document.head.append(element);
  });
}

const next = () => fetch("/driver/next", { cache: "no-store" });
/** @param {any} answer @returns {Promise<Response>} the next request */
const send = (answer) =>
  fetch("/driver/answer", { method: "POST", body: JSON.stringify({ ...answer, warnings: warnings() }) });

addEventListener("error", (event) => console.error(`uncaught: ${event.message}`));
addEventListener("unhandledrejection", (event) => console.error(`unhandled: ${event.reason}`));
try {
  const started = await start();
  const stamp = { browser: navigator.userAgent, ...started?.stamp, ...(await adapterOf(backend)) };
  let response = started ? await send({ stamp }) : await next();
  while (response.ok) {
    if (response.status === 204) {
      response = await next();
      continue;
    }
    const request = await response.json();
    if (request.goto) {
      location.replace(request.goto);
      break;
    }
    response = started ? await send(await started.answer(request).catch(errorOf)) : await next();
  }
} catch (err) {
  await send(errorOf(err));
}
