/**
 * Test digits and what the network takes them for: many small ones with the mistakes marked, and one with all ten
 * probabilities.
 */

import { h, themed } from "./dom.js";
import { percent } from "./numbers.js";
import { Picture } from "./picture.js";

/** @typedef {import("./protocol.js").Digits} Digits */
/** @typedef {import("./protocol.js").RandomDigit} RandomDigit */
/** @typedef {import("./i18n.js").Texts} Texts */
/** @typedef {import("./picture.js").Place} Place */

const SIDE = 28;
const BLANKS = 60; // places in the grid before there are digits

/** @extends {Picture<Digits>} */
export class DigitsPicture extends Picture {
  #tally;
  #grid;
  /** @type {Cell[]} */
  #cells = [];

  /** @param {Place} place @param {Texts} texts */
  constructor(place, texts) {
    const tally = h("p", { class: "caption" });
    const grid = h("ol", { class: "digit-grid" });
    super(place, texts, { title: "digits.title", caption: "digits.caption", empty: "digits.empty" }, [grid], [tally]);
    this.#tally = tally;
    this.#grid = grid;
  }

  render() {
    super.render();
    const { figure } = this;
    if (!figure) {
      this.#tally.textContent = "";
      this.#grid.setAttribute("aria-hidden", "true");
      this.#grid.replaceChildren(...Array.from({ length: BLANKS }, () => h("li", { class: "digit blank" })));
      return;
    }
    this.#grid.removeAttribute("aria-hidden");
    const right = figure.labels.filter((label, at) => label === figure.predictions[at]).length;
    const chosen = this.place.key !== "digits"; // by whether they are right: then there is nothing to count
    this.#tally.textContent = chosen ? "" : this.texts.t("digits.tally", { right, all: figure.labels.length });
    const cells = figure.labels.map((_, at) => this.#cells[at] ??= new Cell());
    cells.forEach((cell, at) => cell.show(figure, at, this.texts));
    if (this.#grid.firstChild !== cells[0]?.element || this.#grid.children.length !== cells.length) {
      this.#grid.replaceChildren(...cells.map(({ element }) => element));
    }
  }
}

/** One place of the grid, drawn over again after each epoch. */
class Cell {
  #canvas = h("canvas", { "aria-hidden": "true" });
  #read = h("span", { "class": "digit-read", "aria-hidden": "true" });
  #words = h("span", { class: "sr-only" });
  element = h("li", { class: "digit" }, this.#canvas, this.#read, this.#words);

  /** @param {Digits} figure @param {number} at @param {Texts} texts */
  show({ images, labels, predictions, confidences }, at, texts) {
    const label = labels[at], prediction = predictions[at];
    const mistake = label !== prediction;
    const words = texts.t(mistake ? "digit.mistake" : "digit.right",
      { label, prediction, sure: percent(confidences[at], 0) });
    drawDigit(this.#canvas, images.subarray(at * SIDE * SIDE, (at + 1) * SIDE * SIDE));
    this.element.title = this.#words.textContent = words;
    this.element.toggleAttribute("data-mistake", mistake);
    this.#read.textContent = mistake ? `${label}→${prediction}` : String(label);
  }
}

/** @extends {Picture<RandomDigit>} */
export class RandomDigitPicture extends Picture {
  #body;

  /** @param {Place} place @param {Texts} texts */
  constructor(place, texts) {
    const body = h("div", { class: "random" });
    super(place, texts, { title: "random.title", caption: "random.caption", empty: "random.empty" }, [body]);
    this.#body = body;
  }

  render() {
    super.render();
    const { figure } = this;
    const canvas = h("canvas", { "aria-hidden": "true" });
    if (figure) drawDigit(canvas, figure.image);
    const right = figure && figure.label === figure.prediction;
    this.#body.replaceChildren(
      h("div", { class: "random-image" }, figure && canvas),
      h("div", {},
        h("dl", { class: "random-words" },
          h("div", {}, h("dt", {}, this.texts.t("random.label")), h("dd", {}, figure ? String(figure.label) : "–")),
          h("div", {}, h("dt", {}, this.texts.t("random.prediction")),
            h("dd", {}, figure ? String(figure.prediction) : "–"))),
        figure && h("p", { class: right ? "mark right" : "mark wrong" },
          `${right ? "✓" : "✕"} ${this.texts.t(right ? "right" : "wrong")}`)),
      h("ol", { "class": "probabilities", "aria-label": this.texts.t("random.probabilities") },
        ...Array.from({ length: 10 }, (_, digit) => probability(digit, figure))));
  }
}

/** One digit's bar. @param {number} digit @param {RandomDigit | null} figure */
function probability(digit, figure) {
  const value = figure?.probabilities[digit] ?? null;
  const fill = h("div", { class: "bar-fill" });
  fill.style.transform = `scaleX(${value ?? 0})`;
  const marks = [digit === figure?.prediction && "chosen", digit === figure?.label && "label"].filter(Boolean);
  return h("li", { class: ["probability", ...marks].join(" ") }, h("span", {}, String(digit)),
    h("div", { class: "bar-track" }, fill), h("span", {}, value === null ? "–" : percent(value)));
}

/**
 * Draws an image's brightness as the strength of the ink.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} image
 */
function drawDigit(canvas, image) {
  const [red, green, blue] = themed("--ink");
  canvas.width = canvas.height = SIDE;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const pixels = context.createImageData(SIDE, SIDE);
  for (let at = 0; at < image.length; at++) {
    pixels.data[4 * at] = red;
    pixels.data[4 * at + 1] = green;
    pixels.data[4 * at + 2] = blue;
    pixels.data[4 * at + 3] = image[at];
  }
  context.putImageData(pixels, 0, 0);
}
