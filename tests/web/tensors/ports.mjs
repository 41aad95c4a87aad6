// What a node of the graph would be fed with: `node ports.mjs <web folder>` with [[port, {shape, data}, backend], ...] on stdin.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const from = (name) => import(pathToFileURL(join(process.argv[2], "tensors", name)).href);
const [{ fedFrom }, { ARRAYS }] = [await from("ports.js"), await from("signature.js")];
const made = JSON.parse(readFileSync(0, "utf8")).map(([port, { shape, data }, backend]) => {
  const values = port.dtype.endsWith("64") ? data.map(BigInt) : data;
  try {
    return Array.from(fedFrom(port, { dtype: port.dtype, shape, data: ARRAYS[port.dtype].from(values) }, backend).data);
  } catch (err) {
    return err.message;
  }
});
console.log(JSON.stringify(made));
