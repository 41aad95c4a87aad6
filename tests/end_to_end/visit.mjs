// Visits pages in Chromium as a person would: jobs on stdin, what was seen on stdout, as JSON.
// A job: {url, fill: {label: value}, type: {label: keys}, click: [selector], read: {name: selector}, wait: selector, shot: file,
// scheme: light | dark, upload: {selector: text}, axe: true}. `axe` tells what axe-core finds wrong with the page then.

import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";

const packages = createRequire(process.argv[2]);
const { chromium } = packages("playwright-core");
const axe = readFileSync(packages.resolve("axe-core/axe.min.js"), "utf8");
let text = "";
for await (const part of process.stdin) text += part;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync),
  args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const results = [];
try {
  for (const job of JSON.parse(text)) {
    const viewport = { width: 1100, height: 900 };
    const context = await browser.newContext({ acceptDownloads: true, viewport, colorScheme: job.scheme ?? "light" });
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    const seen = { requests: [], console: [], dialogs: 0, read: {}, downloads: [] };
    page.on("request", (request) => seen.requests.push(request.url()));
    page.on("console", (message) => seen.console.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (err) => seen.console.push(`pageerror: ${err.message}`));
    page.on("dialog", (dialog) => { seen.dialogs += 1; return dialog.dismiss(); });
    await page.goto(job.url);
    if (job.wait) await page.locator(job.wait).first().waitFor();
    for (const [label, value] of Object.entries(job.fill ?? {})) {
      const field = page.getByLabel(label, { exact: true });
      const isList = await field.evaluate((element) => element instanceof HTMLSelectElement);
      await (isList ? field.selectOption(value === "" ? "" : { label: value }) : field.fill(value));
    }
    for (const [label, value] of Object.entries(job.type ?? {})) {
      await page.getByLabel(label, { exact: true }).fill("");
      await page.getByLabel(label, { exact: true }).pressSequentially(value);
    }
    for (const [selector, content] of Object.entries(job.upload ?? {})) {
      await page.locator(selector).setInputFiles({ name: "rows.csv", mimeType: "text/csv", buffer: Buffer.from(content) });
    }
    for (const selector of job.click ?? []) await page.locator(selector).first().click();
    // Made a function here: as text it is called never (a function is true) or once (the page's policy stops the next).
    if (job.then) {
      const then = new Function(`const given = (${job.then}); return typeof given === "function" ? given() : given;`);
      await page.waitForFunction(then).catch((err) => {
        throw new Error(`${job.then} never came true: ${err.message}`);
      });
    }
    for (const [name, selector] of Object.entries(job.read ?? {})) seen.read[name] = await page.locator(selector).allTextContents();
    if (job.download) {
      const [download] = await Promise.all([page.waitForEvent("download"), page.locator(job.download).first().click()]);
      const parts = [];
      for await (const part of await download.createReadStream()) parts.push(part);
      seen.downloads.push(Buffer.concat(parts).toString("utf8"));
    }
    seen.hacked = await page.evaluate(() => globalThis.hacked ?? null);
    if (job.axe) {
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run(document));
      seen.axe = violations.flatMap(({ id, help, nodes }) => nodes.map(({ html, failureSummary }) => [id, help, html, failureSummary]));
    }
    if (job.shot) await page.screenshot({ path: job.shot, fullPage: true });
    results.push(seen);
    await context.close();
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify(results));
