// Opens the page of a bundle of tensors in Chromium: `node page.mjs <web folder> <web/package.json>` with {backend, strokes,
// picture, call, shot} on stdin. Serves the folder from a sub-folder on loopback and prints what a person saw.
// strokes: [[x, y], ...] of 0 to 1, drawn with the mouse. picture: a PNG in base64. call: text for the JSON field.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, normalize } from "node:path";

const [, , folder, packageJson] = process.argv;
const packages = createRequire(packageJson);
const { chromium } = packages("playwright-core");
const job = JSON.parse(readFileSync(0, "utf8"));

const TYPES = { html: "text/html", js: "text/javascript", css: "text/css", json: "application/json", svg: "image/svg+xml" };
const server = createServer(async (request, response) => {
  const name = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname).replace(/^\/models\/one\//, "/"));
  const file = join(folder, name.endsWith("/") ? `${name}index.html` : name);
  const blank = Buffer.from('<!doctype html><title>x</title><link rel="icon" href="data:,">');
  const body = name === "/blank.html" ? blank : await readFile(file).catch(() => null);
  if (body === null) return response.writeHead(404).end();
  response.writeHead(200, { "content-type": TYPES[file.split(".").pop()] ?? "application/octet-stream" }).end(body);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const home = `http://127.0.0.1:${server.address().port}/models/one/`;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync),
  args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader"],
});
const seen = { requests: [], console: [] };
try {
  const page = await browser.newPage({ viewport: { width: 1100, height: 1000 } });
  page.setDefaultTimeout(30_000);
  page.on("request", (request) => seen.requests.push(request.url().replace(home, "")));
  page.on("console", (message) => seen.console.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (err) => seen.console.push(`pageerror: ${err.message}`));
  await page.goto(`${home}${job.backend ? `?backend=${job.backend}` : ""}`);
  await page.locator("#main, #failure").and(page.locator(":visible")).first().waitFor();
  seen.failure = await page.locator("#failure").textContent();
  seen.identity = await page.locator("#identity").textContent();
  seen.title = await page.title();
  seen.ports = await page.locator("tbody tr").allTextContents();
  const answer = async () => ({
    classes: await page.locator("#answer .class").allTextContents(),
    figures: await page.locator("#answer .figure").evaluateAll((all) => all.map((one) => Number(one.title))),
    best: await page.locator("#answer .best .class").allTextContents(),
    problem: await page.locator("#problem").textContent(),
  });
  /** What the page shows the model, by the module that it uses itself. */
  const pixels = () =>
    page.evaluate(async () => {
      const { load } = await import("./index.js");
      const { pictureOf, tensorFromCanvas } = await import("./tensors/pixels.js");
      const model = await load();
      const picture = pictureOf(model.inputs[0]);
      const { shape, data } = tensorFromCanvas(picture, document.getElementById("canvas"), document.getElementById("range").value.split(" ").map(Number));
      model.dispose();
      return { shape, data: Array.from(data) };
    });
  const settled = () => page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 300))));
  await settled();
  seen.first = await answer();
  if (job.strokes) {
    const box = await page.locator("#canvas").boundingBox();
    const at = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
    await page.mouse.move(...at(job.strokes[0]));
    await page.mouse.down();
    for (const point of job.strokes.slice(1)) await page.mouse.move(...at(point), { steps: 4 });
    await page.mouse.up();
    await settled();
    seen.drawn = { ...(await answer()), pixels: await pixels() };
    if (job.shot) await page.screenshot({ path: job.shot, fullPage: true });
    await page.locator("#clear").click();
    await settled();
    seen.cleared = await answer();
  }
  if (job.picture) {
    await page.locator("#picture-file").setInputFiles({ name: "one.png", mimeType: "image/png", buffer: Buffer.from(job.picture, "base64") });
    await settled();
    seen.chosen = { ...(await answer()), pixels: await pixels() };
    await page.locator("#picture-file").setInputFiles({ name: "no.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
    await settled();
    seen.unreadable = await page.locator("#problem").textContent();
  }
  if (job.call) {
    seen.written = await page.locator("#call").inputValue();
    seen.called = [];
    for (const call of job.call) {
      await page.locator("#call").fill(call);
      await page.locator("#form button").click();
      await settled();
      seen.called.push({ ...(await answer()), text: await page.locator("#answer").textContent() });
    }
  }
  await page.locator("#verify").click();
  await page.locator("#verify-result.good, #verify-result.bad").waitFor();
  seen.verified = await page.locator("#verify-result").textContent();
  seen.badge = await page.locator("#badge-text").textContent();
  seen.speed = await page.locator("#answer-speed").textContent();
  await page.evaluate(readFileSync(packages.resolve("axe-core/axe.min.js"), "utf8"));
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  seen.axe = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => [id, html]));
  if (job.worker) {
    await page.goto(`${home}blank.html`); // the page itself lets no script start a worker
    seen.worker = await page.evaluate(async (given) => {
      const { loadInWorker } = await import("./index.js");
      const model = await loadInWorker();
      const { ok } = await model.selftest();
      const error = await model.predict(given).catch(({ name, message, input, index }) => ({ name, message, input, index }));
      model.dispose();
      return { ok, error };
    }, job.worker);
  }
} finally {
  await browser.close();
  server.close();
}
console.log(JSON.stringify(seen));
