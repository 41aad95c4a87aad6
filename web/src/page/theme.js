/**
 * The button for a light or a dark look. What was chosen is kept by the browser; early.js reads it before the page is drawn.
 */

import { byId } from "./dom.js";

const KEPT = "isoship-theme";

export function setUpTheme() {
  const button = byId("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const show = () => button.setAttribute("aria-pressed", String(isDark()));
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    keep(theme);
    show();
  });
  system.addEventListener("change", show);
  show();
  button.hidden = false;
}

/** @param {string} theme */
function keep(theme) {
  try {
    localStorage.setItem(KEPT, theme);
  } catch {
    // Storage is off: the look lasts as long as the page.
  }
}
