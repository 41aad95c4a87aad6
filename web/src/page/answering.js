/**
 * Every edit of the form is answered at once, the last one last. Beside inputs that the model refuses stands no answer;
 * one that is not yet that of the inputs beside it is marked as older.
 */

import { answerView, inShort } from "./answer/answer.js";
import { answeredBy, stopwatch } from "./answer/speed.js";
import { byId, cut, make, messageOf, tell } from "./dom.js";
import { goTo, rowFrom } from "./form.js";
import { oneAtATime } from "./live.js";
import { mark, problemsOf, summary } from "./problems.js";

/** Milliseconds without an edit before the answer is read out: a slider that moves is not talked over. */
const QUIET = 800;

/**
 * @typedef {(row: Record<string, any> | null) => void} Listener is given each row that was answered, null where one is refused
 * @param {import("../index.js").Model} model @param {import("./form.js").Control[]} controls @param {Listener} listener
 * @returns {() => Promise<void>} asks for what stands in the form
 */
export function setUpAnswers(model, controls, listener) {
  const { outputs } = model.manifest;
  const answer = byId("answer");
  const say = announcer();
  const median = stopwatch();
  /** @type {ReturnType<typeof answerView> | null} */
  let view = null;

  /** @param {import("./problems.js").Problem[]} problems */
  const refuse = (problems) => {
    const names = problems.map(({ column }) => `“${cut(column)}”`).slice(0, 3).join(", ");
    const words = `No answer: the model refuses ${names}${problems.length > 3 ? ` and ${problems.length - 3} more` : ""}.`;
    answer.replaceChildren(make("p", "empty", words));
    byId("answer-short").textContent = words;
    showAge(false);
    byId("answer-speed").textContent = "";
    say(words);
    listener(null);
  };
  const check = () => {
    const problems = problemsOf(model, rowFrom(controls));
    mark(controls, problems);
    tell("form-problem", null);
    if (problems.length > 0) refuse(problems);
    return problems;
  };
  const work = oneAtATime(async (newer) => {
    const row = rowFrom(controls);
    if (problemsOf(model, row).length > 0) return;
    try {
      const start = performance.now();
      const [prediction] = await model.predict([row]);
      const took = performance.now() - start;
      if (problemsOf(model, rowFrom(controls)).length > 0) return; // refused meanwhile: nothing stands beside it
      view ??= answerView(outputs, prediction);
      view.show(prediction);
      if (answer.firstElementChild !== view.elements[0]) answer.replaceChildren(...view.elements);
      byId("answer-speed").textContent = `answered in ${median(took)} ${answeredBy(model)}`;
      showAge(newer());
      byId("answer-short").textContent = inShort(outputs, prediction);
      say(inShort(outputs, prediction));
      if (!newer()) listener(row);
    } catch (err) {
      answer.replaceChildren();
      tell("form-problem", messageOf(err));
      listener(null);
    }
  });
  const edited = async () => {
    if (check().length > 0) return;
    showAge(true);
    await work();
  };

  const form = /** @type {HTMLFormElement} */ (byId("form"));
  form.addEventListener("input", () => void edited());
  form.addEventListener("reset", () => setTimeout(() => {
    for (const { follow } of controls) follow?.();
    void edited();
  }, 0));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const problems = check();
    if (problems.length === 0) return void edited();
    tell("form-problem", summary(problems));
    const wrong = controls.find(({ column }) => column.name === problems[0].column);
    if (wrong !== undefined) goTo(wrong);
  });
  setUpBar();
  return edited;
}

/** Whether the answer that stands there is that of an earlier row. @param {boolean} isOld */
function showAge(isOld) {
  byId("answer").classList.toggle("old", isOld);
  byId("answer").setAttribute("aria-busy", String(isOld));
  byId("answer-old").hidden = !isOld;
}

/** Reads answers out, once it is quiet, and the same words once. */
function announcer() {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return (/** @type {string} */ words) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (byId("answer-said").textContent !== words) byId("answer-said").textContent = words;
    }, QUIET);
  };
}

/** The bar at the bottom of a phone is there while the form is in sight and the answer itself is not. */
function setUpBar() {
  const [form, answer] = [byId("form"), byId("answer")];
  const seen = new Set();
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) isIntersecting ? seen.add(target) : seen.delete(target);
    byId("answer-bar").hidden = seen.has(answer) || !seen.has(form);
  });
  observer.observe(form);
  observer.observe(answer);
}
