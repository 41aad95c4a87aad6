/**
 * The page without a network: a service worker that index.html registers, and nobody else.
 *
 * What the network has comes from the network, so nobody sees an old model while a new one is there. What was kept answers
 * only where the network does not, and all of it is of one export: the page names its files, and they are kept together
 * under a key of that export, in the place of those before.
 */

/** @type {any} ServiceWorkerGlobalScope, of which the page's types have none */
const worker = self;
const ours = () => `isoship ${worker.registration.scope} `;

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(worker.registration.scope)) event.respondWith(fetched(event.request));
});

worker.addEventListener("message", (/** @type {any} */ event) => {
  const { data: { key, files }, ports: [port] } = event;
  const keeping = kept(ours() + key, files).then(
    () => port.postMessage({ kept: true }),
    (err) => port.postMessage({ kept: false, why: err.message }),
  );
  event.waitUntil(keeping);
});

/** @param {Request} request */
async function fetched(request) {
  try {
    return await fetch(request);
  } catch (err) {
    for (const name of await caches.keys()) {
      if (!name.startsWith(ours())) continue;
      // `?engine=tfjs` is the same page.
      const found = await (await caches.open(name)).match(request, { ignoreSearch: request.mode === "navigate" });
      if (found) return found;
    }
    throw err;
  }
}

/** @param {string} name of the cache @param {string[]} files addresses below the worker's own */
async function kept(name, files) {
  const before = (await caches.keys()).filter((other) => other.startsWith(ours()));
  if (before.includes(name)) return;
  const answers = await Promise.all(files.map(async (file) => /** @type {const} */ ([file, await fetch(file, { cache: "no-cache" })])));
  const found = answers.filter(([, { status }]) => status !== 404); // a runtime's module that this kind of bundle leaves out
  const bad = found.find(([, { ok }]) => !ok);
  if (bad) throw new Error(`${bad[0]}: HTTP ${bad[1].status}`);
  const cache = await caches.open(name);
  await Promise.all(found.map(([file, answer]) => cache.put(file, answer)));
  await Promise.all(before.map((other) => caches.delete(other)));
}
