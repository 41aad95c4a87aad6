/**
 * Text that is written as UTF-8 while it grows. What is written most, digits and lines of ASCII, is copied code by code.
 */

const ENCODER = new TextEncoder();
const COMMA = 44;

export class Bytes {
  length = 0;
  #room;

  /** @param {number} expected bytes */
  constructor(expected) {
    this.#room = new Uint8Array(expected + 2 ** 18);
  }

  /** Bytes of another array. @param {Uint8Array} from @param {number} start @param {number} end */
  copy(from, start, end) {
    this.#need(end - start);
    this.#room.set(from.subarray(start, end), this.length);
    this.length += end - start;
  }

  /** A comma, and a cell that is written as it is. @param {string | number} value */
  cell(value) {
    const text = typeof value === "string" ? value : String(value);
    this.#need(1 + 3 * text.length);
    const room = this.#room;
    let at = this.length;
    room[at++] = COMMA;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) {
        at = this.length + 1 + ENCODER.encodeInto(text, room.subarray(this.length + 1)).written;
        break;
      }
      room[at++] = code;
    }
    this.length = at;
  }

  /** @param {string} text */
  text(text) {
    this.#need(3 * text.length);
    if (text === "\n") this.#room[this.length++] = 10;
    else this.length += ENCODER.encodeInto(text, this.#room.subarray(this.length)).written;
  }

  /** What was written; it begins anew. @returns {Uint8Array<ArrayBuffer>} */
  taken() {
    const made = this.#room.slice(0, this.length);
    this.length = 0;
    return made;
  }

  /** @param {number} more bytes */
  #need(more) {
    if (this.length + more <= this.#room.length) return;
    const room = new Uint8Array(2 * (this.length + more));
    room.set(this.#room.subarray(0, this.length));
    this.#room = room;
  }
}
