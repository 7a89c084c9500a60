/**
 * The choice of lessons and the words of the one in hand; grey lines until Python has told which lessons there are.
 */

import { byId, h } from "./dom.js";

/** @typedef {import("./protocol.js").LessonSpec} LessonSpec */

const ROOMY = 60; // rem of height in which texts and options fit together

export class LessonView {
  #texts;
  #choices = byId("lesson-select");
  #words = byId("lesson");
  #choose;

  /** @param {import("./i18n.js").Texts} texts @param {(lesson: LessonSpec) => void} choose */
  constructor(texts, choose) {
    this.#texts = texts;
    this.#choose = choose;
  }

  /** Places for what is still to come. @param {HTMLElement} options where the options will be */
  await(options) {
    const line = (kind = "") => h("div", { class: `pending line ${kind}` });
    this.#words.replaceChildren(line("short"), line(), line(), line("short"));
    options.replaceChildren(...Array.from({ length: 6 }, () => h("div", { class: "pending box" })));
  }

  /** @param {LessonSpec[]} lessons @param {LessonSpec} chosen */
  show(lessons, chosen) {
    const { t } = this.#texts;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.lesson;
    this.#choices.replaceChildren(...lessons.map((lesson) => h("button", {
      "class": "lesson-choice", "type": "button", "data-lesson": lesson.name, "aria-pressed": String(lesson === chosen),
      "click": () => this.#choose(lesson),
    }, shortTitle(this.#texts.of(lesson.title)))));
    if (focused) /** @type {HTMLElement | null} */ (this.#choices.querySelector(`[data-lesson="${focused}"]`))?.focus();
    this.#words.replaceChildren(
      h("h1", { class: "lesson-title" }, this.#texts.of(chosen.title)),
      h("p", { class: "lesson-shows" }, this.#texts.of(chosen.shows)),
      this.#more("lesson-look", t("lesson.look"), this.#texts.of(chosen.look)),
      this.#more("lesson-try", t("lesson.try"), this.#texts.of(chosen.try)));
  }

  /** What can be folded away, and is where the screen is low: the options should be in sight. @param {string} kind
   * @param {string} title @param {string} text */
  #more(kind, title, text) {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    return h("details", { class: `lesson-more ${kind}`, open: innerHeight >= ROOMY * rem }, h("summary", {}, title),
      h("p", {}, text));
  }

  /** While a lesson runs, its place is kept. */
  set locked(/** @type {boolean} */ locked) {
    for (const button of this.#choices.querySelectorAll("button")) button.disabled = locked;
  }
}

/** A title without what it says after a colon: room is short in a row of buttons. @param {string} title */
function shortTitle(title) {
  return title.split(/:\s/)[0];
}
