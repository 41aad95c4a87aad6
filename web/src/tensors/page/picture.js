/**
 * A picture in the page: drawn by hand, or a file; what the model sees of it is asked at once.
 */

import { tensorFromCanvas } from "../pixels.js";

/** CSS pixels of the longer side, about: each of the model's pixels is a whole number of these. */
const SHOWN = 320;

/**
 * @param {string} name of the input @param {import("../pixels.js").Picture} picture
 * @param {(call: Record<string, any>) => Promise<void>} answer @param {(id: string, message: string | null) => void} tell
 * @returns {() => Promise<void>} asks for what is there
 */
export function setUpPicture(name, picture, answer, tell) {
  const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById("canvas"));
  const range = /** @type {HTMLSelectElement} */ (document.getElementById("range"));
  const file = /** @type {HTMLInputElement} */ (document.getElementById("picture-file"));
  const step = Math.max(1, Math.floor(SHOWN / Math.max(picture.width, picture.height)));
  [canvas.width, canvas.height] = [picture.width * step, picture.height * step];
  /** @type {HTMLElement} */ (range.closest("label")).hidden = picture.dtype === "uint8";
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  const clear = () => {
    context.fillStyle = "black";
    context.fillRect(0, 0, canvas.width, canvas.height);
  };
  const ask = () => {
    const [black, white] = range.value.split(" ").map(Number);
    return answer({ [name]: tensorFromCanvas(picture, canvas, [black, white]) });
  };
  let due = false;
  const askSoon = () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      void ask();
    });
  };
  draw(canvas, context, askSoon);
  document.getElementById("clear")?.addEventListener("click", () => {
    clear();
    askSoon();
  });
  range.addEventListener("change", askSoon);
  file.addEventListener("change", async () => {
    const chosen = file.files?.[0];
    if (chosen === undefined) return;
    try {
      const bitmap = await createImageBitmap(chosen, { colorSpaceConversion: "default", premultiplyAlpha: "premultiply" });
      clear();
      context.imageSmoothingQuality = "high";
      context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      bitmap.close();
      askSoon();
    } catch {
      tell("problem", `${chosen.name} is no picture that this browser reads`);
    } finally {
      file.value = ""; // the same file, mended, may be chosen again
    }
  });
  clear();
  return ask;
}

/** White strokes that follow the pointer. @param {HTMLCanvasElement} canvas @param {CanvasRenderingContext2D} context @param {() => void} drawn */
function draw(canvas, context, drawn) {
  const place = (/** @type {PointerEvent} */ event) => {
    const box = canvas.getBoundingClientRect();
    return /** @type {const} */ ([((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height]);
  };
  context.lineCap = context.lineJoin = "round";
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    context.strokeStyle = "white";
    context.lineWidth = Math.max(canvas.width, canvas.height) / 9;
    context.beginPath();
    context.moveTo(...place(event));
    context.lineTo(...place(event)); // a click is a dot
    context.stroke();
    drawn();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    context.lineTo(...place(event));
    context.stroke();
    drawn();
  });
}
