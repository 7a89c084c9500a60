/**
 * The pictures of the lesson in hand: those that it says it will show wait empty and explain themselves; each figure
 * that arrives is drawn with the next frame.
 */

import { DigitsPicture, RandomDigitPicture } from "./digits.js";
import { h, onThemeChange } from "./dom.js";
import { keyOf, kindOf, wordsOf } from "./figure-words.js";
import { oncePerFrame } from "./frames.js";
import { OutputsPicture } from "./outputs.js";
import { PlotPicture } from "./plot.js";
import { SurfacePicture } from "./surface.js";
import { TablePicture } from "./table.js";

/** @typedef {import("./protocol.js").FigureEvent} FigureEvent */
/** @typedef {import("./protocol.js").LessonSpec} LessonSpec */
/** @typedef {import("./picture.js").Picture<any>} Picture */
/** @typedef {import("./picture.js").Place} Place */
/** @typedef {import("./i18n.js").Texts} Texts */

/** @type {Record<string, new (place: Place, texts: Texts) => Picture>} */
const KINDS = {
  decision_surface: SurfacePicture, outputs: OutputsPicture, digits: DigitsPicture, random_digit: RandomDigitPicture,
  plot: PlotPicture, table: TablePicture,
};

export class Pictures {
  #root;
  #texts;
  /** @type {LessonSpec | null} */
  #lesson = null;
  /** @type {Map<string, Picture>} */
  #pictures = new Map();
  /** @type {Map<string, FigureEvent>} */
  #newest = new Map();

  #draw = oncePerFrame(() => this.#showNewest());

  /** @param {HTMLElement} root @param {Texts} texts */
  constructor(root, texts) {
    this.#root = root;
    this.#texts = texts;
    const again = () => {
      for (const picture of this.#pictures.values()) picture.render();
    };
    onThemeChange(again);
    texts.onChange(again);
  }

  /** A place for what is still to come. */
  await() {
    this.#root.replaceChildren(h("div", { class: "pending picture" }), h("div", { class: "pending picture" }));
  }

  /** Empty places for what a lesson will show. @param {LessonSpec} lesson */
  expect(lesson) {
    this.#newest.clear();
    if (lesson !== this.#lesson) {
      this.#lesson = lesson;
      this.#pictures.clear();
      this.#root.replaceChildren();
    }
    for (const key of this.#pictures.keys()) if (!lesson.figures.includes(key)) this.#remove(key);
    for (const key of lesson.figures) this.#picture(key)?.show(null);
  }

  /** @param {FigureEvent} figure */
  add(figure) {
    this.#newest.set(keyOf(figure), figure);
    this.#draw();
  }

  /** A run has ended: what its options left out need not be waited for. */
  settle() {
    this.#showNewest();
    for (const { element, figure } of this.#pictures.values()) element.hidden = !figure;
  }

  #showNewest() {
    for (const [key, figure] of this.#newest) this.#picture(key)?.show(figure);
    this.#newest.clear();
  }

  /** The picture of that key, a new one after the others if need be; none for a kind that the page does not know.
   * @param {string} key */
  #picture(key) {
    const known = this.#pictures.get(key);
    if (known) return known;
    const Kind = KINDS[kindOf(key)];
    if (!Kind) return undefined;
    const lesson = this.#lesson;
    const picture = new Kind({ key, words: wordsOf(lesson, key), lesson: lesson?.name ?? "" }, this.#texts);
    this.#pictures.set(key, picture);
    this.#root.append(picture.element);
    return picture;
  }

  /** @param {string} key */
  #remove(key) {
    this.#pictures.get(key)?.element.remove();
    this.#pictures.delete(key);
  }
}
