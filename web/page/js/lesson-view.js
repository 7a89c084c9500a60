/**
 * The words of the lesson in hand; grey lines until Python has told which lessons there are.
 */

import { byId, h } from "./dom.js";

/** @typedef {import("./protocol.js").LessonSpec} LessonSpec */

const ROOMY = 60; // rem of height in which texts and options fit together

export class LessonView {
  #texts;
  #words = byId("lesson");
  /** @type {LessonSpec | null} */
  #lesson = null;

  /** @param {import("./i18n.js").Texts} texts */
  constructor(texts) {
    this.#texts = texts;
  }

  /** Places for what is still to come. @param {HTMLElement} options where the options will be */
  await(options) {
    const line = (kind = "") => h("div", { class: `pending line ${kind}` });
    this.#words.replaceChildren(line("short"), line(), line(), line("short"));
    options.replaceChildren(...Array.from({ length: 6 }, () => h("div", { class: "pending box" })));
  }

  /** @param {LessonSpec} lesson */
  show(lesson) {
    const { t } = this.#texts;
    if (lesson !== this.#lesson) this.#words.parentElement?.scrollTo(0, 0); // another one is read from its title
    this.#lesson = lesson;
    this.#words.replaceChildren(
      h("h1", { class: "lesson-title" }, this.#texts.of(lesson.title)),
      h("p", { class: "lesson-shows" }, this.#texts.of(lesson.shows)),
      this.#more("lesson-look", t("lesson.look"), this.#texts.of(lesson.look)),
      this.#more("lesson-try", t("lesson.try"), this.#texts.of(lesson.try)));
  }

  /** What can be folded away, and is where the screen is low: the options should be in sight. @param {string} kind
   * @param {string} title @param {string} text */
  #more(kind, title, text) {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    return h("details", { class: `lesson-more ${kind}`, open: innerHeight >= ROOMY * rem }, h("summary", {}, title),
      h("p", {}, text));
  }
}
