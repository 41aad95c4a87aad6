// `node sha256.mjs <web/src/sha256.js as a URL>` with lists of bytes as JSON on stdin: the digests by either way.
let text = "";
for await (const part of process.stdin) text += part;
const inputs = JSON.parse(text).map((bytes) => Uint8Array.from(bytes));
const { sha256 } = await import(process.argv[2]);
const all = () => Promise.all(inputs.map(sha256));
const platforms = await all();
Object.defineProperty(globalThis, "crypto", { value: {}, configurable: true });
const ours = await all();
console.log(JSON.stringify(platforms.map((digest, i) => [digest, ours[i]])));
