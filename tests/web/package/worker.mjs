// A bundle's worker in Chromium: after its end, with rows behind Proxies, from another origin, under a policy, in a service worker.
// node worker.mjs BUNDLE, the rows on stdin; prints what each question was answered with.

import { createRequire } from "node:module";
import { createServer } from "node:http";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, normalize } from "node:path";

const bundle = process.argv[2];
const { chromium } = createRequire(new URL("../../../web/package.json", import.meta.url))("playwright-core");

let text = "";
for await (const part of process.stdin) text += part;
const rows = JSON.parse(text);

const TYPES = { html: "text/html", js: "text/javascript", json: "application/json" };
const SERVICE = `
import { load } from "/bundle/index.js";
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("message", async ({ data: { options, rows }, source }) => {
  try {
    const model = await load(options);
    source.postMessage([model.engine, await model.predict(rows)]);
  } catch (err) {
    source.postMessage([err.name, err.message]);
  }
});`;

/** @param {Record<string, string>} headers of every answer */
async function serving(headers) {
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://x");
    const head = { ...headers, ...(searchParams.has("policy") ? { "content-security-policy": searchParams.get("policy") } : {}) };
    if (pathname === "/") return response.writeHead(200, { ...head, "content-type": "text/html" }).end('<!doctype html><title>x</title><link rel="icon" href="data:,">');
    if (pathname === "/service.js") return response.writeHead(200, { "content-type": "text/javascript" }).end(SERVICE);
    const file = join(bundle, normalize(decodeURIComponent(pathname.replace(/^\/bundle\//, "/"))));
    try {
      const body = await readFile(file);
      response.writeHead(200, { ...head, "content-type": TYPES[file.split(".").pop()] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404, head).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}

const own = await serving({});
const cdn = await serving({ "access-control-allow-origin": "*" });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync),
  args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const said = {};
try {
  const context = await browser.newContext();
  context.setDefaultTimeout(30_000);
  const asked = async (url, work, given = {}) => {
    const page = await context.newPage();
    await page.goto(url);
    const answer = await page.evaluate(work, { rows, own: own.origin, cdn: cdn.origin, ...given });
    await page.close();
    return answer;
  };

  said.ended = await asked(`${own.origin}/`, async ({ rows }) => {
    const { IsoshipError, loadInWorker } = await import("/bundle/index.js");
    const model = await loadInWorker();
    const waiting = model.predict(rows).catch((err) => [err.name, err.message]);
    model.dispose();
    model.dispose();
    const after = await model.predict(rows).catch((err) => [err instanceof IsoshipError, err.name, err.message]);
    return { waiting: await waiting, after };
  });

  said.proxies = await asked(`${own.origin}/`, async ({ rows }) => {
    const { loadInWorker } = await import("/bundle/index.js");
    const model = await loadInWorker();
    const reactive = (held) => new Proxy(held, { get: (on, key) => (on[key] !== null && typeof on[key] === "object" ? reactive(on[key]) : on[key]) });
    const error = (promise) => promise.then((found) => found, (err) => [err.name, err.message]);
    const round = [];
    round.push(round);
    const found = {
      plain: await model.predict(rows),
      reactive: await model.predict(reactive(rows)),
      arrays: (await model.predictTensors(reactive(Object.fromEntries(Object.keys(rows[0]).map((name) => [name, rows.map((row) => row[name])]))))).label.data,
      function: await error(model.predict([{ ...rows[0], eggs: () => 1 }])),
      round: await error(model.predict([{ ...rows[0], eggs: reactive(round) }])),
      wrong: await error(model.predict(reactive([{}]))),
      none: await error(model.predict(reactive({}))),
    };
    model.dispose();
    return found;
  });

  said.options = await asked(`${own.origin}/`, async ({ rows }) => {
    const { loadInWorker } = await import("/bundle/index.js");
    const error = (promise) => promise.then(() => null, (err) => [err.name, String(err.message ?? err)]);
    const heard = [];
    const model = await loadInWorker({ engine: "tfjs", backend: "cpu", onProgress: (progress) => heard.push(progress) });
    const found = { engine: model.engine, backend: model.backend, trust: model.trust, form: model.form.length, selftest: (await model.selftest()).ok, heard };
    model.dispose();
    found.aborted = await error(loadInWorker({ signal: AbortSignal.abort(new Error("enough")) }));
    const stop = new AbortController();
    const waiting = error(loadInWorker({ signal: stop.signal }));
    stop.abort(new Error("no more"));
    found.stopped = await waiting;
    found.absent = await error(loadInWorker({ worker: "/nothing.js" }));
    found.backendError = await error(loadInWorker({ backend: "none" }));
    found.nowhere = await error(loadInWorker({ baseUrl: "http://[" }));
    return found;
  });

  const foreign = async ({ rows, cdn }) => {
    const { loadInWorker } = await import(`${cdn}/bundle/index.js`);
    const model = await loadInWorker().catch((err) => err);
    if (model instanceof Error) return [model.name, model.message];
    const answer = await model.predict(rows);
    model.dispose();
    return answer;
  };
  said.foreign = await asked(`${own.origin}/`, foreign);
  const policy = encodeURIComponent(`default-src 'self'; script-src 'self' ${cdn.origin}; connect-src 'self' ${cdn.origin}; img-src data:`);
  said.policed = await asked(`${own.origin}/?policy=${policy}`, foreign);
  said.allowed = await asked(`${own.origin}/?policy=${policy}${encodeURIComponent(`; worker-src blob: ${cdn.origin}`)}`, foreign);

  said.service = await asked(`${own.origin}/`, async ({ rows }) => {
    await navigator.serviceWorker.register("/service.js", { type: "module" });
    const { active } = await navigator.serviceWorker.ready;
    const ask = (options) =>
      new Promise((resolve) => {
        navigator.serviceWorker.addEventListener("message", ({ data }) => resolve(data), { once: true });
        active.postMessage({ options, rows });
      });
    return { rows: await ask({}), tfjs: await ask({ engine: "tfjs" }) };
  });
} finally {
  await browser.close();
  own.server.close();
  cdn.server.close();
}
console.log(JSON.stringify(said));
