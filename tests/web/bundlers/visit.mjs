// Opens a page of a bundler's server in Chromium: `node visit.mjs URL web/package.json`, and prints what its main.js said.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";

const [, , url, packageJson] = process.argv;
const { chromium } = createRequire(packageJson)("playwright-core");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync),
  args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  const page = await browser.newPage();
  const problems = [];
  page.on("pageerror", (err) => problems.push(String(err)));
  await page.goto(url);
  await page.waitForFunction(() => document.body.dataset.said !== undefined, undefined, { timeout: 60_000 }).catch((err) => problems.push(String(err)));
  console.log(JSON.stringify({ problems, ...JSON.parse((await page.evaluate(() => document.body.dataset.said)) ?? "{}") }));
} finally {
  await browser.close();
}
