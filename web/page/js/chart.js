/**
 * One chart of a training: a measure over epochs, of the training and the validation data and, where a lesson compares
 * networks, of the other networks beside them. Drawn at most once per frame.
 */

import { h, onThemeChange, themed } from "./dom.js";
import { oncePerFrame } from "./frames.js";
import { LinePlot } from "./line-plot.js";
import { comparison } from "./networks.js";
import { count, number } from "./numbers.js";
import { looks } from "./strokes.js";
import { sketch } from "./svg.js";

/** @typedef {import("./axes.js").Range} Range */
/** @typedef {import("./curves.js").Curves} Curves */
/** @typedef {import("./i18n.js").TextKey} TextKey */

/**
 * @typedef {object} ChartSpec
 * @property {"loss" | "accuracy"} measure
 * @property {TextKey} title
 * @property {TextKey} empty what will be seen here
 * @property {string} sketch path of a curve as it should look, in a box of 100 x 50
 * @property {(value: number | null | undefined) => string} format
 * @property {(value: number) => string} tick of the vertical axis
 * @property {(low: number, high: number) => Range} range of the vertical axis
 */

const MOST_MARKS = 50; // epochs up to which the validation is marked
const FEW = 20; // points up to which every line is
const MAIN = 2; // lines of the network in hand

export class Chart {
  #root;
  #texts;
  #spec;
  #plot;
  /** @type {Curves | null} */
  #curves = null;
  #epochs = 1;
  /** @type {(network: string) => string} */
  #called = (network) => network;
  #title = h("h2", { class: "panel-title" });
  #x = h("p", { class: "axis-name x" });

  /** Asks for a drawing of what the curves hold by then. */
  changed = oncePerFrame(() => this.#draw());

  /** @param {HTMLElement} root @param {import("./i18n.js").Texts} texts @param {ChartSpec} spec */
  constructor(root, texts, spec) {
    this.#root = root;
    this.#texts = texts;
    this.#spec = spec;
    this.#plot = new LinePlot(texts, (x) => this.#nameAxis(x));
    root.append(h("div", { class: "chart-head" }, this.#title, this.#plot.legend), this.#plot.box, this.#x);
    onThemeChange(this.changed);
    texts.onChange(() => this.#draw());
  }

  get measure() {
    return this.#spec.measure;
  }

  /**
   * Shows a run's curves from now on.
   * @param {Curves} curves
   * @param {number} epochs
   * @param {(network: string) => string} called what a network is called
   */
  show(curves, epochs, called) {
    this.#curves = curves;
    this.#epochs = epochs;
    this.#called = called;
    this.#draw();
  }

  /** Whether there is anything to show, or will be. @param {boolean} shown */
  set shown(shown) {
    this.#root.hidden = !shown;
  }

  #draw() {
    const { title, empty, sketch: course, format, tick, range } = this.#spec;
    const { t } = this.#texts;
    this.#title.textContent = t(title);
    const curves = this.#curves;
    const lines = curves ? this.#lines(curves) : [];
    if (!curves || !lines.length) {
      this.#plot.showEmpty(h("div", { class: "empty" }, sketch(course), h("p", {}, t(empty))), t(empty));
      this.#x.textContent = "";
      return;
    }
    const [low, high] = curves.extent(lines.map(({ name }) => name));
    const last = Math.max(this.#epochs, curves.x.at(-1) ?? 0);
    const single = last === 1 && curves.x[0] === 1; // a lone point stands in the middle
    this.#plot.show({
      title: t(title), x: curves.x, lines, xRange: [0, single ? 2 : last],
      yRange: range(low, high), whole: true, bridged: true, format, xTick: count, yTick: tick,
    });
  }

  /** @param {number | null} pointed the epoch under the pointer */
  #nameAxis(pointed) {
    const name = this.#texts.t("table.epoch").toLowerCase();
    this.#x.textContent = pointed === null ? `${name} →` : `${name} = ${number(pointed)}`;
  }

  /** The lines that the curves have points for. @param {Curves} curves */
  #lines(curves) {
    const { measure } = this.#spec;
    const { t } = this.#texts;
    const marked = curves.x.length <= FEW;
    const { twin, others } = comparison(curves.columns, measure);
    const label = (/** @type {string} */ network, /** @type {boolean} */ validated) => (network
      ? t(validated ? "series.network.validation" : "series.network.train", { network: this.#called(network) })
      : t(validated ? "series.validation" : "series.train"));
    const [train, validation, ...rest] = looks(MAIN + others.length, false, themed);
    return [
      { name: measure, label: label(twin, false), look: train, marked },
      { name: `val_${measure}`, label: label(twin, true), look: validation, marked: this.#epochs <= MOST_MARKS },
      ...others.map(({ name, network, validated }, at) => ({
        name, label: label(network, validated), look: rest[at], marked,
      })),
    ].filter(({ name }) => curves.has(name)).map((line) => ({ ...line, values: curves.columns[line.name] }));
  }
}
