// Opens a page in Chromium: `node visit.mjs URL web/package.json`, and prints what it said, what failed, and what it loaded.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";

const [, , url, packageJson] = process.argv;
const { chromium } = createRequire(packageJson)("playwright-core");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync),
  args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  const page = await browser.newPage();
  const problems = [];
  const loading = [];
  page.on("pageerror", (err) => problems.push(String(err)));
  page.on("response", (response) => {
    const path = new URL(response.url()).pathname;
    if (response.ok() && response.url().startsWith("http")) loading.push(response.body().then((body) => [path, gzipSync(body).length], () => [path, 0]));
  });
  await page.goto(url);
  await page.waitForFunction(() => document.body.dataset.said !== undefined, undefined, { timeout: 60_000 }).catch((err) => problems.push(String(err)));
  const said = JSON.parse((await page.evaluate(() => document.body.dataset.said)) ?? "{}");
  console.log(JSON.stringify({ problems, loaded: Object.fromEntries(await Promise.all(loading)), ...said }));
} finally {
  await browser.close();
}
