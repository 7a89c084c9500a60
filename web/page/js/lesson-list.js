/**
 * The lessons to choose from, in their chapters: a list beside everything else where there is room for one, else one
 * field with a button to either side. Both are always there; the style sheet shows one of them.
 */

import { chaptersOf } from "./chapters.js";
import { byId, h } from "./dom.js";

/** @typedef {import("./chapters.js").Entry} Entry */
/** @typedef {import("./protocol.js").LessonSpec} LessonSpec */

export class LessonList {
  #texts;
  #choose;
  #list = byId("lesson-list");
  #select = byId("lesson-select", HTMLSelectElement);
  #before = byId("lesson-before", HTMLButtonElement);
  #after = byId("lesson-after", HTMLButtonElement);
  /** @type {LessonSpec[]} */
  #lessons = [];
  #locked = false;

  /** @param {import("./i18n.js").Texts} texts @param {(lesson: LessonSpec) => void} choose */
  constructor(texts, choose) {
    this.#texts = texts;
    this.#choose = choose;
    this.#select.addEventListener("change", () => this.#go(this.#select.selectedIndex));
    this.#before.addEventListener("click", () => this.#go(this.#select.selectedIndex - 1));
    this.#after.addEventListener("click", () => this.#go(this.#select.selectedIndex + 1));
  }

  /** @param {LessonSpec[]} lessons @param {LessonSpec} chosen */
  show(lessons, chosen) {
    this.#lessons = lessons;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.lesson;
    const chapters = chaptersOf(lessons, (text) => this.#texts.of(text));
    this.#select.replaceChildren(...chapters.map(({ title, entries }) => {
      const options = entries.map(({ lesson, number, title: name }) =>
        h("option", { value: lesson.name, selected: lesson === chosen }, `${number}. ${name}`));
      return h("optgroup", { label: title }, ...options);
    }));
    this.#list.replaceChildren(...chapters.map(({ title, entries }) => h("div", { class: "chapter" },
      h("h2", { class: "chapter-title" }, title),
      h("ol", {}, ...entries.map((entry) => h("li", {}, this.#button(entry, entry.lesson === chosen)))))));
    if (focused) /** @type {HTMLElement | null} */ (this.#list.querySelector(`[data-lesson="${focused}"]`))?.focus();
    this.#enable();
  }

  /** While a lesson runs, its place is kept. */
  set locked(/** @type {boolean} */ locked) {
    this.#locked = locked;
    this.#enable();
  }

  /** @param {Entry} entry @param {boolean} chosen */
  #button({ lesson, number, title }, chosen) {
    return h("button", {
      "class": "lesson-choice", "type": "button", "data-lesson": lesson.name, "aria-current": chosen && "true",
      "click": () => this.#choose(lesson),
    }, h("span", { class: "lesson-number" }, String(number)), h("span", {}, title));
  }

  /** @param {number} at */
  #go(at) {
    if (this.#lessons[at]) this.#choose(this.#lessons[at]);
  }

  #enable() {
    const at = this.#select.selectedIndex, none = !this.#lessons.length;
    this.#select.disabled = this.#locked || none;
    this.#before.disabled = this.#locked || at <= 0;
    this.#after.disabled = this.#locked || none || at + 1 >= this.#lessons.length;
    for (const button of this.#list.querySelectorAll("button")) button.disabled = this.#locked;
  }
}
