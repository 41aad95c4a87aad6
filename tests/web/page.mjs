// Opens a bundle's page in Chromium: `node page.mjs <bundle> <web/package.json> <screenshots>`.
// Serves the bundle from a sub-folder on loopback, uses the page as a person would, and prints what it saw.

import { createRequire } from "node:module";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join, normalize } from "node:path";

const [, , bundle, packageJson, shots] = process.argv;
const { chromium } = createRequire(packageJson)("playwright-core");

let text = "";
for await (const part of process.stdin) text += part;
const { csv, number, rows } = JSON.parse(text);

const TYPES = { html: "text/html", js: "text/javascript", css: "text/css", json: "application/json", svg: "image/svg+xml" };
const server = createServer(async (request, response) => {
  const path = decodeURIComponent(new URL(request.url, "http://x").pathname);
  if (path === "/blank.html") return response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>x</title><link rel=\"icon\" href=\"data:,\">");
  const name = normalize(path.replace(/^\/models\/my model\//, "/"));
  const file = join(bundle, name.endsWith("/") ? `${name}index.html` : name);
  try {
    const body = await readFile(file);
    // No type for .wasm, as on a careless server.
    response.writeHead(200, { "content-type": TYPES[file.split(".").pop()] ?? "application/octet-stream" }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${server.address().port}`;
const home = `${origin}/models/my%20model/`;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync),
  args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
});
const seen = { requests: [], console: [], backends: {}, sizes: {} };
try {
  const context = await browser.newContext({ acceptDownloads: true });
  context.setDefaultTimeout(30_000);
  const open = async (query) => {
    const page = await context.newPage();
    page.on("request", (request) => seen.requests.push(request.url()));
    page.on("console", (message) => seen.console.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (err) => seen.console.push(`pageerror: ${err.message}`));
    await page.goto(home + query);
    await page.locator("#main, #failure").and(page.locator(":visible")).first().waitFor();
    return page;
  };
  const answer = async (page) => ({
    label: await page.locator("#answer .label").allTextContents(),
    classes: await page.locator("#answer .class").allTextContents(),
    figures: await page.locator("#answer .figure").allTextContents(),
    problem: (await page.locator("#form-problem").isVisible()) ? await page.locator("#form-problem").textContent() : null,
  });

  const page = await open("");
  seen.title = await page.title();
  seen.failure = (await page.locator("#failure").isVisible()) ? await page.locator("#failure").textContent() : null;
  seen.identity = await page.locator("#identity").textContent();
  seen.labels = await page.locator("#fields label").allTextContents();
  seen.unlabelled = await page.locator("#fields input, #fields select").evaluateAll((all) => all.filter((c) => c.labels.length === 0 && !c.ariaLabel).length);
  seen.choices = await page.locator("#field-1 option").allTextContents();
  seen.first = await answer(page);
  await page.screenshot({ path: join(shots, "light.png"), fullPage: true });

  // By keyboard alone: a number, then Enter.
  await page.locator("#field-0").focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type(String(number));
  await page.keyboard.press("Enter");
  await page.waitForFunction((before) => document.querySelector("#answer .figure")?.textContent !== before, seen.first.figures[0]);
  seen.second = await answer(page);

  await page.locator("#field-0").fill("");
  await page.locator("#form button").click();
  await page.waitForFunction((before) => document.querySelector("#answer .figure")?.textContent !== before, seen.second.figures[0]);
  seen.missing = await answer(page);

  await page.locator("#field-2").fill("1.5");
  await page.locator("#form button").click();
  await page.locator("#form-problem").waitFor();
  seen.refused = await answer(page);
  seen.focused = await page.evaluate(() => document.activeElement.id);

  await page.locator("#verify").click();
  await page.waitForFunction(() => document.querySelector("#verify-result").className !== "");
  seen.verify = await page.locator("#verify-result").textContent();

  await page.locator("#batch-file").setInputFiles({ name: "rows.csv", mimeType: "text/csv", buffer: Buffer.from(csv) });
  await page.locator("#batch-download").waitFor();
  seen.header = await page.locator("#batch-table th").allTextContents();
  seen.cells = await page.locator("#batch-table tbody tr").first().locator("td").allTextContents();
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#batch-download").click()]);
  seen.download = await readFile(await download.path(), "utf8");
  seen.filename = download.suggestedFilename();
  await page.locator("#batch-file").setInputFiles({ name: "latin.csv", mimeType: "text/csv", buffer: Buffer.from("note\nÆrø\n", "latin1") });
  await page.locator("#batch-problem:not([hidden])").waitFor();
  seen.latin = [await page.locator("#batch-problem").textContent(), await page.locator("#batch-table").isVisible()];
  seen.hacked = await page.evaluate(() => window.hacked ?? null);
  seen.markup = await page.locator("main img, main script, main b").count();
  await page.screenshot({ path: join(shots, "batch.png"), fullPage: true });
  await page.setViewportSize({ width: 360, height: 740 });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.screenshot({ path: join(shots, "dark.png"), fullPage: true });
  seen.scrolls = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await page.close();

  for (const backend of ["wasm", "webgl", "webgpu"]) {
    const other = await open(`?backend=${backend}`);
    await other.locator("#verify").click();
    await other.waitForFunction(() => document.querySelector("#verify-result").className !== "");
    seen.backends[backend] = [await other.locator("#identity").textContent(), await other.locator("#verify-result").textContent()];
    await other.close();
  }

  // As an application would use it: in a page of its own, and in a worker.
  const blank = await context.newPage();
  blank.on("console", (message) => seen.console.push(`${message.type()}: ${message.text()}`));
  await blank.goto(`${origin}/blank.html`);
  seen.worker = await blank.evaluate(async ([url, rows]) => {
    const { InputError, load, loadInWorker } = await import(url + "index.js");
    const [here, there] = await Promise.all([load(), loadInWorker({ baseUrl: url, backend: "wasm" })]);
    const [a, b] = await Promise.all([here.predict(rows), there.predict(rows)]);
    const error = await there.predict([{}]).catch((err) => [err instanceof InputError, err.row, err.message]);
    const { ok } = await there.selftest();
    const { probabilities } = await there.predictTensors(rows);
    there.dispose();
    return { here: a, there: b, error, ok, backends: [here.backend, there.backend], kind: probabilities.data.constructor.name };
  }, [home, rows]);
} finally {
  await browser.close();
  server.close();
}
seen.requests = [...new Set(seen.requests.map((url) => url.replace(origin, "")))];
console.log(JSON.stringify(seen));
