// A bundle's page in Chromium with the network log on: `node network.mjs <bundle> <web/package.json>`.
// Out: for the page as it comes and with ?engine=tfjs, what was fetched, what it says of itself, its answer and its console.

import { createRequire } from "node:module";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join, normalize } from "node:path";

const [, , bundle, packageJson] = process.argv;
const { chromium } = createRequire(packageJson)("playwright-core");
const TYPES = { html: "text/html", js: "text/javascript", css: "text/css", json: "application/json", svg: "image/svg+xml" };
const server = createServer(async (request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname));
  const file = join(bundle, path.endsWith("/") ? `${path}index.html` : path);
  const body = await readFile(file).catch(() => null);
  if (body === null) response.writeHead(404).end();
  else response.writeHead(200, { "content-type": TYPES[file.split(".").pop()] ?? "application/octet-stream" }).end(body);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync),
  args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

async function opened(query) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const seen = { fetched: [], missed: [], console: [] };
  page.on("request", (request) => seen.fetched.push(new URL(request.url()).pathname));
  page.on("response", (response) => response.status() >= 400 && seen.missed.push(response.url()));
  page.on("console", (message) => seen.console.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (err) => seen.console.push(`pageerror: ${err.message}`));
  await page.goto(`${origin}/${query}`);
  await page.locator("#answer .label").first().waitFor();
  return { page, seen, close: () => context.close() };
}

async function told({ page, seen }) {
  return {
    fetched: [...seen.fetched], missed: [...seen.missed], console: [...seen.console],
    identity: await page.locator("#identity").textContent(),
    label: await page.locator("#answer .label").allTextContents(),
    figures: await page.locator("#answer .figure").allTextContents(),
    switched: await page.locator("#engine-tfjs").isChecked(),
  };
}

try {
  const plain = await opened("");
  const asItComes = await told(plain);
  await plain.page.locator("#verify").click();
  await plain.page.locator("#verify-result.good, #verify-result.bad").waitFor();
  asItComes.verify = await plain.page.locator("#verify-result").textContent();
  await plain.page.locator("#engine-tfjs").click();
  await plain.page.waitForURL(/engine=tfjs/);
  await plain.close();
  const pinned = await opened("?engine=tfjs");
  console.log(JSON.stringify({ asItComes, pinned: await told(pinned) }));
} finally {
  await browser.close();
  server.close();
}
