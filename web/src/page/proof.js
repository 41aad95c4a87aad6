/**
 * The proof that this device answers as the trained model does: the golden rows, replayed once by itself when there is
 * nothing else to do, and again on request. A badge at the top says what came of it, a section below says it in detail.
 */

import { byId, messageOf } from "./dom.js";

/** @typedef {import("../index.js").Selftest} Selftest */

/**
 * @param {{selftest: () => Promise<Selftest>}} model @param {string} [rows] what is replayed @param {string} [same] what is
 *   said where they are answered as they were
 * @returns {() => Promise<void>} replays; a call while that lasts waits for it and asks no second time
 */
export function setUpProof(model, rows = "golden rows", same = "The same") {
  /** @type {Promise<void> | null} */
  let running = null;
  const check = () => {
    running ??= replay(model, rows, same).finally(() => (running = null));
    return running;
  };
  const button = /** @type {HTMLButtonElement} */ (byId("verify"));
  button.addEventListener("click", () => void check());
  button.disabled = false;
  byId("badge-check").addEventListener("click", () => void check());
  byId("badge").hidden = false;
  return check;
}

/**
 * Replays by itself, unless a person saves data (the rows are one more file), or it would take long.
 * @param {() => Promise<void>} check @param {boolean} [isQuick]
 */
export function checkWhenIdle(check, isQuick = true) {
  if (!isQuick || /** @type {any} */ (navigator).connection?.saveData) {
    byId("badge-check").hidden = false;
    return;
  }
  if (typeof requestIdleCallback === "function") requestIdleCallback(() => void check(), { timeout: 3000 });
  else setTimeout(() => void check(), 500); // Safari
}

/** @param {{selftest: () => Promise<Selftest>}} model @param {string} rows @param {string} same */
async function replay(model, rows, same) {
  const button = /** @type {HTMLButtonElement} */ (byId("verify"));
  const hasFocus = document.activeElement === button;
  button.disabled = true;
  byId("badge-check").hidden = true;
  show("checking", "Checking on this device…", "Replaying…", "");
  try {
    const { ok, rows: count, worst, ties, firstDifference } = await model.selftest();
    const tied = ties > 0 ? ` ${ties} of them are ties, which the trained model itself decides either way.` : "";
    const shown = count.toLocaleString("en");
    if (ok) {
      show("good", `Same as trained: ${shown} ${rows.replace("golden ", "")}, largest difference ${power(worst, 0)}`, `${same}: ${shown} ${rows}, largest difference ${power(worst, 1)}.${tied}`, "good");
    } else {
      show("bad", `NOT the same: ${firstDifference}`, `Not the same: ${firstDifference}`, "bad");
    }
  } catch (err) {
    show("bad", `Could not be checked: ${messageOf(err)}`, messageOf(err), "bad");
  } finally {
    button.disabled = false;
    if (hasFocus) button.focus(); // a button that is off loses it
  }
}

/** @param {string} state @param {string} badge @param {string} detail @param {string} className */
function show(state, badge, detail, className) {
  byId("badge").dataset.state = state;
  byId("badge-text").textContent = badge;
  byId("verify-result").className = className;
  byId("verify-result").textContent = detail;
}

/** @param {number} x @param {number} digits */
function power(x, digits) {
  return x === 0 ? "0" : x.toExponential(digits);
}
