// Walks through bundles' pages in Chromium: `node walk.mjs <web/package.json>`, walks on stdin, what was seen on stdout.
// A walk: {folder, query, width, height, scheme, init: script before the page's own, index: what index.js is instead (the
// true one is index.real.js then), file: opened from the disk, steps: [[action, ...arguments], ...]}. Actions are below; what
// `read` evaluates is kept under its name.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const packages = createRequire(process.argv[2]);
const { chromium } = packages("playwright-core");
const walks = JSON.parse(readFileSync(0, "utf8"));

const TYPES = { html: "text/html", js: "text/javascript", css: "text/css", json: "application/json", svg: "image/svg+xml" };
const server = createServer(async (request, response) => {
  const [, number, ...parts] = decodeURIComponent(new URL(request.url, "http://x").pathname).split("/");
  const { folder, index } = walks[number] ?? {};
  let name = parts.join("/") || "index.html";
  let body = null;
  if (index !== undefined && name === "index.js") body = Buffer.from(index);
  else if (folder !== undefined) {
    if (index !== undefined) name = name.replace("index.real.js", "index.js");
    body = await readFile(join(folder, name)).catch(() => null);
  }
  if (body === null) return response.writeHead(404).end();
  response.writeHead(200, { "content-type": TYPES[name.split(".").pop()] ?? "application/octet-stream" }).end(body);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

const ACTIONS = {
  // A function, not its text: the page's policy lets nothing evaluate that.
  wait: (page, _seen, expression) => page.waitForFunction(new Function(`return (${expression});`)),
  fill: (page, _seen, selector, text) => page.locator(selector).fill(text),
  type: (page, _seen, text) => page.keyboard.type(text),
  press: async (page, _seen, key, times = 1) => {
    for (let i = 0; i < times; i++) await page.keyboard.press(key);
  },
  click: (page, _seen, selector) => page.locator(selector).click(),
  check: (page, _seen, selector) => page.locator(selector).check(),
  select: (page, _seen, selector, label) => page.locator(selector).selectOption({ label }),
  see: (page, _seen, selector) => page.locator(selector).scrollIntoViewIfNeeded(),
  reload: (page) => page.reload(),
  size: (page, _seen, width, height) => page.setViewportSize({ width, height }),
  // By Tab alone, as a person without a mouse.
  tabTo: async (page, seen, id) => {
    for (let i = 0; i < 150; i++) {
      await page.keyboard.press("Tab");
      const [at, outline] = await page.evaluate(() => [document.activeElement.id, getComputedStyle(document.activeElement).outlineStyle]);
      if (outline === "none") (seen.noFocus ??= []).push(at);
      if (at === id) return;
    }
    throw new Error(`Tab does not reach ${id}`);
  },
  read: async (page, seen, name, expression) => {
    seen[name] = await page.evaluate(expression);
  },
  axe: async (page, seen, name) => {
    await page.evaluate(readFileSync(packages.resolve("axe-core/axe.min.js"), "utf8"));
    const { violations } = await page.evaluate(() => globalThis.axe.run(document));
    seen[name] = violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => [id, html, failureSummary]));
  },
  shot: (page, _seen, path) => page.screenshot({ path, fullPage: true }),
};

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync),
  args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const results = [];
try {
  for (const [number, walk] of walks.entries()) {
    const viewport = { width: walk.width ?? 1280, height: walk.height ?? 900 };
    const context = await browser.newContext({ viewport, colorScheme: walk.scheme ?? "light" });
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    const seen = { console: [] };
    page.on("console", (message) => seen.console.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (err) => seen.console.push(`pageerror: ${err.message}`));
    if (walk.init) await page.addInitScript(walk.init);
    await page.goto(walk.file ? pathToFileURL(join(walk.folder, "index.html")).href : `${origin}/${number}/${walk.query ?? ""}`);
    for (const [action, ...given] of walk.steps) {
      await ACTIONS[action](page, seen, ...given).catch((err) => {
        throw new Error(`walk ${number}, ${action} ${given.join(" ")}: ${err.message}`);
      });
    }
    results.push(seen);
    await context.close();
  }
} finally {
  await browser.close();
  server.close();
}
console.log(JSON.stringify(results));
