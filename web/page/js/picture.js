/**
 * What every picture of a lesson is: a figure with a title and a caption, which explains itself while it is empty.
 */

import { h } from "./dom.js";
import { kindOf, nameOf } from "./figure-words.js";

/** @typedef {import("./i18n.js").TextKey} TextKey */
/** @typedef {import("./i18n.js").Texts} Texts */
/** @typedef {import("./protocol.js").FigureWords} FigureWords */

/**
 * The place of a picture in a lesson.
 * @typedef {object} Place
 * @property {string} key "digits", "plot:cost"
 * @property {FigureWords} words the lesson's own
 * @property {string} lesson
 */

/** @template Figure */
export class Picture {
  /** What there is to show; null for nothing yet. @type {Figure | null} */
  figure = null;
  caption = h("figcaption", { class: "caption" });
  #title = h("h2", { class: "panel-title" });
  #defaults;

  /**
   * @param {Place} place
   * @param {Texts} texts
   * @param {{title: TextKey, caption: TextKey, empty: TextKey} | null} defaults words where the lesson has none
   * @param {HTMLElement[]} body
   * @param {HTMLElement[]} besideTitle
   */
  constructor(place, texts, defaults, body, besideTitle = []) {
    this.place = place;
    this.texts = texts;
    this.#defaults = defaults;
    this.element = h("figure", { "class": "panel picture", "data-kind": kindOf(place.key), "data-figure": place.key },
      h("div", { class: "picture-head" }, this.#title, ...besideTitle), ...body, this.caption);
  }

  /** @param {Figure | null} figure */
  show(figure) {
    this.figure = figure;
    this.element.hidden = false;
    this.render();
  }

  /** What the picture is called. */
  get title() {
    const { key, words: { title } } = this.place;
    if (title) return this.texts.of(title);
    return this.#defaults ? this.texts.t(this.#defaults.title) : nameOf(key);
  }

  /** Draws the figure, in the language and the colours of the moment. */
  render() {
    const { caption } = this.place.words;
    this.#title.textContent = this.title;
    if (caption) this.caption.textContent = this.texts.of(caption);
    else if (this.#defaults) this.caption.textContent = this.texts.t(this.#defaults[this.figure ? "caption" : "empty"]);
  }

  /** A word of the lesson; the key itself where it has none for it.
   * @param {"lines" | "columns" | "cells"} group @param {string} key */
  word(group, key) {
    const found = this.place.words[group]?.[key];
    return found ? this.texts.of(found) : key;
  }
}

/** Whether a lesson's task is XOR, so that the page can show it before Python does. @param {Place} place */
export function isXor({ lesson }) {
  return lesson.startsWith("xor");
}
