// A bundle's page in Chromium, served on loopback: `opened(packageJson, bundle)`.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, normalize } from "node:path";

const TYPES = { html: "text/html", js: "text/javascript", css: "text/css", json: "application/json", svg: "image/svg+xml" };

/** @param {string} packageJson whose packages are used @param {string} bundle folder of web/ @param {string[]} [flags] of Chromium */
export async function opened(packageJson, bundle, flags = []) {
  const packages = createRequire(packageJson);
  const { chromium } = packages("playwright-core");
  const server = createServer(async (request, response) => {
    const name = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname));
    try {
      const file = join(bundle, name.endsWith("/") ? `${name}index.html` : name);
      const body = await readFile(file);
      response.writeHead(200, { "content-type": TYPES[file.split(".").pop()] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync),
    args: ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", ...flags],
  });
  const context = await browser.newContext({ acceptDownloads: true, viewport: { width: 1100, height: 900 } });
  context.setDefaultTimeout(90_000);
  const page = await context.newPage();
  const said = [];
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (err) => said.push(`pageerror: ${err.message}`));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.locator("#main, #failure").and(page.locator(":visible")).first().waitFor();
  const close = async () => {
    await browser.close();
    server.close();
  };
  return { page, console: said, packages, browser, close };
}
