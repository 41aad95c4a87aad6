// A file of 200 MB on a bundle's page: `node large.mjs <web/package.json>`, {bundle, csv, megabytes} on stdin; how long the
// page did not draw, and how much more memory the processes of pages took at most (Linux), as JSON.

import { readFileSync, readdirSync } from "node:fs";
import { opened } from "./opened.mjs";

let text = "";
for await (const part of process.stdin) text += part;
const job = JSON.parse(text);
const { page, console: said, close } = await opened(process.argv[2], job.bundle);

/** Bytes of the largest renderer that this process started, at its most. */
function most() {
  const parents = new Map();
  for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      parents.set(id, /^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${id}/status`, "utf8"))[1]);
    } catch {} // it has ended
  }
  const ours = (id) => id === String(process.pid) || (parents.has(id) && ours(parents.get(id)));
  const of = (id) => {
    if (!ours(id) || !readFileSync(`/proc/${id}/cmdline`, "utf8").includes("--type=renderer")) return 0;
    return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, "utf8"))[1]);
  };
  return Math.max(...[...parents.keys()].map(of));
}
const csv = readFileSync(job.csv, "utf8");
const cut = csv.indexOf("\n") + 1;
try {
  const before = most();
  const size = await page.evaluate(
    ([head, rows, bytes]) => {
      const part = new Blob([rows]);
      const file = new File([head, ...new Array(Math.ceil(bytes / part.size)).fill(part)], "large.csv");
      const drawn = { frames: 0, longest: 0 };
      globalThis.drawn = drawn;
      const frame = () => {
        drawn.frames++;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) drawn.longest = Math.max(drawn.longest, duration);
      }).observe({ type: "longtask", buffered: false });
      const transfer = new DataTransfer();
      transfer.items.add(file);
      document.getElementById("files").dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }));
      return file.size;
    },
    [csv.slice(0, cut), csv.slice(cut), job.megabytes * 1e6],
  );
  await page.waitForFunction(() => document.getElementById("batch-progress").value > 0);
  const framesAt = await page.evaluate(() => globalThis.drawn.frames);
  await page.waitForFunction(() => document.getElementById("batch-running").hidden, null, { timeout: 110_000 });
  const memory = most() - before;
  const seen = await page.evaluate(() => ({
    ...globalThis.drawn,
    status: document.getElementById("batch-status").textContent,
    problem: document.getElementById("batch-problem").textContent,
    chart: document.querySelector("#batch-chart svg")?.getAttribute("aria-label") ?? null,
  }));
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#batch-download").click()]);
  let lines = 0;
  for await (const part of await download.createReadStream()) for (const byte of part) if (byte === 10) lines++;
  console.log(JSON.stringify({ ...seen, size, framesAt, memory, lines, console: said }));
} finally {
  await close();
}
