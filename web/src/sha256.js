/**
 * sha256 of bytes: the platform's, and where it has none, ours. Pages from http:// have no `crypto.subtle`, but on
 * localhost (Secure Contexts, W3C).
 */

/** @param {BufferSource} bytes @returns {Promise<string>} hexadecimal */
export async function sha256(bytes) {
  const subtle = globalThis.crypto?.subtle;
  if (subtle) return hexadecimal(new Uint8Array(await subtle.digest("SHA-256", bytes)));
  return hexadecimal(digestOf(ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes)));
}

/** @param {Uint8Array} bytes */
function hexadecimal(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const BLOCK = 64;

/** FIPS 180-4, sections 4.2.2 and 5.3.3: the first 32 bits of the fractions of cube and square roots of primes. */
const [ROUNDS, START] = constants();

function constants() {
  /** @type {number[]} */
  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p !== 0)) primes.push(n);
  return [
    Int32Array.from(primes, (p) => fraction(BigInt(p) << 96n, 3n)),
    Int32Array.from(primes.slice(0, 8), (p) => fraction(BigInt(p) << 64n, 2n)),
  ];
}

/**
 * The 32 bits behind the point of a root: the integer root of `scaled`, by bisection.
 * @param {bigint} scaled @param {bigint} degree
 */
function fraction(scaled, degree) {
  let [low, high] = [0n, 1n << 48n];
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** degree <= scaled) low = middle;
    else high = middle;
  }
  return Number(low & 0xffffffffn);
}

/** @param {Uint8Array} bytes @returns {Uint8Array} */
export function digestOf(bytes) {
  const state = Int32Array.from(START);
  const words = new Int32Array(64);
  const whole = bytes.length - (bytes.length % BLOCK);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < whole; at += BLOCK) mix(state, words, view, at);
  // The rest, a 1, zeros, and the length in bits.
  const rest = bytes.length - whole;
  const tail = new Uint8Array(rest + 9 > BLOCK ? 2 * BLOCK : BLOCK);
  tail.set(bytes.subarray(whole));
  tail[rest] = 0x80;
  const last = new DataView(tail.buffer);
  last.setBigUint64(tail.length - 8, BigInt(bytes.length) * 8n);
  for (let at = 0; at < tail.length; at += BLOCK) mix(state, words, last, at);
  const made = new DataView(new ArrayBuffer(32));
  state.forEach((word, i) => made.setInt32(4 * i, word));
  return new Uint8Array(made.buffer);
}

/** One block into the state. @param {Int32Array} state @param {Int32Array} w @param {DataView} view @param {number} at */
function mix(state, w, view, at) {
  for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i);
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15];
    const y = w[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUNDS[i] + w[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}
