/**
 * What every picture of a lesson is: a figure with a title and a caption, which explains itself while it is empty.
 */

import { h } from "./dom.js";

/** @typedef {import("./i18n.js").TextKey} TextKey */
/** @typedef {import("./i18n.js").Texts} Texts */

/** @template Figure */
export class Picture {
  /** What there is to show; null for nothing yet. @type {Figure | null} */
  figure = null;
  caption = h("figcaption", { class: "caption" });
  #title = h("h2", { class: "panel-title" });
  #words;

  /**
   * @param {string} kind of the figures that it shows
   * @param {{title: TextKey, caption: TextKey, empty: TextKey}} words
   * @param {Texts} texts
   * @param {HTMLElement[]} body
   * @param {HTMLElement[]} besideTitle
   */
  constructor(kind, words, texts, body, besideTitle = []) {
    this.kind = kind;
    this.#words = words;
    this.texts = texts;
    this.element = h("figure", { "class": "panel picture", "data-kind": kind },
      h("div", { class: "picture-head" }, this.#title, ...besideTitle), ...body, this.caption);
  }

  /** @param {Figure | null} figure */
  show(figure) {
    this.figure = figure;
    this.render();
  }

  /** Draws the figure, in the language and the colours of the moment. */
  render() {
    this.#title.textContent = this.texts.t(this.#words.title);
    this.caption.textContent = this.texts.t(this.figure ? this.#words.caption : this.#words.empty);
  }
}
