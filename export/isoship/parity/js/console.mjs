// Warnings and errors that a runtime prints are findings: TF.js has said "shader failed" there and answered all the same.

const ADVERT = "Hi, looks like you are running TensorFlow.js in Node.js";

/** Collects what is printed as a warning or an error from now on. @returns {() => string[]} takes what was collected */
export function watchConsole() {
  /** @type {string[]} */
  let seen = [];
  for (const level of /** @type {const} */ (["warn", "error"])) {
    const print = console[level].bind(console);
    console[level] = (...parts) => {
      const text = parts.map(String).join(" ");
      // TF.js recommends its native Node binding, which plays no part here.
      if (text.includes(ADVERT)) return;
      seen.push(`console.${level}: ${text}`);
      print(...parts);
    };
  }
  return () => {
    const taken = seen;
    seen = [];
    return taken;
  };
}
