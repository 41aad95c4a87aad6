// Folders on loopback: {name: path} at /name/, with a policy as strict as the page's own; patches as in chromium.mjs.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { join, normalize } from "node:path";

const TYPES = { html: "text/html", js: "text/javascript", css: "text/css", json: "application/json", svg: "image/svg+xml" };
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
const BLANK = '<!doctype html><title>x</title><link rel="icon" href="data:,">';

export async function served({ folders, patches = {} }) {
  const state = { folders, patches, offline: false };
  const requests = [];
  const server = createServer(async (request, response) => {
    if (state.offline) return request.socket.destroy();
    const path = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname));
    requests.push(path);
    if (path === "/blank.html") return response.writeHead(200, { "content-type": "text/html" }).end(BLANK);
    const [, name, ...rest] = path.split("/");
    const file = rest.join("/") || "index.html";
    let body = Object.hasOwn(state.folders, name) ? await readFile(join(state.folders[name], file)).catch(() => null) : null;
    if (body === null) return response.writeHead(404).end();
    for (const [text, other] of state.patches[name]?.[file] ?? []) {
      const before = body.toString("utf8");
      if (!before.includes(text)) throw new Error(`${file} has no ${text}`);
      body = Buffer.from(before.replaceAll(text, other));
    }
    const type = TYPES[file.split(".").pop()] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type, "content-security-policy": POLICY }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { state, requests, origin: `http://127.0.0.1:${server.address().port}`, close };
}
