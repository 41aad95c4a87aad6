/**
 * Many rows: a file that is chosen or dropped. What reads, asks and shows is loaded when the first one arrives.
 */

/** @param {import("../../index.js").Model} model */
export function setUpFiles(model) {
  const input = /** @type {HTMLInputElement} */ (document.getElementById("batch-file"));
  const zone = /** @type {HTMLElement} */ (document.getElementById("files"));
  let last = 0;
  const open = async (/** @type {File} */ file) => {
    const turn = ++last;
    const { answer } = await import("./panel.js");
    if (turn === last) answer(model, file); // the last one wins
  };
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file === undefined) return;
    void open(file);
    input.value = ""; // the same file, mended, may be chosen again
  });
  const over = (/** @type {boolean} */ yes) => zone.classList.toggle("over", yes);
  const brings = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") === true;
  zone.addEventListener("dragover", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    over(true);
  });
  zone.addEventListener("dragleave", (event) => {
    if (!zone.contains(/** @type {Node | null} */ (event.relatedTarget))) over(false);
  });
  zone.addEventListener("drop", (event) => {
    over(false);
    const file = event.dataTransfer?.files[0];
    if (file === undefined) return;
    event.preventDefault();
    void open(file);
  });
  // A file that misses the zone would otherwise take the place of the page.
  for (const kind of ["dragover", "drop"]) {
    window.addEventListener(kind, (event) => {
      if (!event.defaultPrevented && brings(/** @type {DragEvent} */ (event))) event.preventDefault();
    });
  }
}
