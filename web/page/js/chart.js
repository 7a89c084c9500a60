/**
 * One chart of curves over epochs: drawn by uPlot at most once per frame, with a legend that shows the newest values
 * or those under the pointer, and a sentence in place of the picture for those who do not see it.
 */

import uPlot from "../vendor/uplot/uPlot.esm.js";
import { h, onThemeChange, rgb, themed } from "./dom.js";
import { oncePerFrame } from "./frames.js";

/** @typedef {import("./curves.js").Curves} Curves */
/** @typedef {import("./i18n.js").TextKey} TextKey */

/**
 * @typedef {object} Line
 * @property {string} name of the series in the curves
 * @property {TextKey} label
 * @property {string} colour custom property
 * @property {number[]} [dash]
 *
 * @typedef {object} ChartSpec
 * @property {TextKey} title
 * @property {TextKey} empty what will be seen here
 * @property {string} sketch path of a curve as it should look, in a box of 100 x 50
 * @property {Line[]} lines
 * @property {(value: number | null | undefined) => string} format
 * @property {(value: number) => string} tick of the vertical axis
 * @property {(low: number, high: number) => [number, number]} range of the vertical axis
 */

const MOST_POINTS = 1200; // more than a chart has columns of pixels on most screens
const MOST_MARKS = 50; // epochs up to which the points of a dashed line are marked

export class Chart {
  #texts;
  #spec;
  /** @type {Curves | null} */
  #curves = null;
  #epochs = 1;
  /** @type {uPlot | null} */
  #plot = null;
  /** @type {number | null} */
  #pointed = null;
  #title = h("h2", { class: "panel-title" });
  #legend = h("ul", { class: "legend" });
  #box = h("div", { class: "plot", role: "img" });
  #empty = h("div", { class: "empty" });

  /** Asks for a drawing of what the curves hold by then. */
  changed = oncePerFrame(() => this.#draw());

  /** @param {HTMLElement} root @param {import("./i18n.js").Texts} texts @param {ChartSpec} spec */
  constructor(root, texts, spec) {
    this.#texts = texts;
    this.#spec = spec;
    root.append(h("div", { class: "chart-head" }, this.#title, this.#legend), this.#box);
    new ResizeObserver(() => {
      if (this.#plot) this.#plot.setSize(this.#size());
    }).observe(this.#box);
    onThemeChange(() => this.#rebuild());
    texts.onChange(() => this.#rebuild());
  }

  /** Shows a run's curves from now on; null for none yet. @param {Curves | null} curves @param {number} epochs */
  show(curves, epochs) {
    this.#curves = curves;
    this.#epochs = epochs;
    this.#rebuild();
  }

  /** The lines that the curves have points for. */
  #lines() {
    return this.#spec.lines.filter(({ name }) => this.#curves?.has(name));
  }

  #size() {
    return { width: this.#box.clientWidth, height: this.#box.clientHeight };
  }

  #rebuild() {
    this.#plot?.destroy();
    this.#plot = null;
    this.#pointed = null;
    this.#draw();
  }

  #draw() {
    const lines = this.#lines();
    this.#title.textContent = this.#texts.t(this.#spec.title);
    if (!this.#curves || !lines.length) {
      this.#legend.replaceChildren();
      this.#empty.replaceChildren(sketch(this.#spec), h("p", {}, this.#texts.t(this.#spec.empty)));
      this.#box.replaceChildren(this.#empty);
      this.#box.setAttribute("aria-label", this.#texts.t(this.#spec.empty));
      return;
    }
    const data = this.#curves.thinned(lines.map(({ name }) => name), MOST_POINTS);
    if (!this.#plot || this.#plot.series.length !== lines.length + 1) {
      this.#plot?.destroy();
      this.#box.replaceChildren();
      this.#plot = new uPlot(this.#settings(lines), data, this.#box);
      this.#legend.replaceChildren(
        ...lines.map((line) => h("li", {}, sample(line), this.#texts.t(line.label), h("b"))));
    } else {
      this.#plot.setData(data);
    }
    this.#label(lines);
  }

  /** The legend's figures: those under the pointer, else the newest. @param {Line[]} lines */
  #label(lines) {
    const data = this.#plot?.data;
    lines.forEach(({ name }, index) => {
      const value = this.#pointed === null ? this.#curves?.last(name) : valueAt(data?.[index + 1], this.#pointed);
      const cell = this.#legend.children[index]?.querySelector("b");
      if (cell) cell.textContent = this.#spec.format(value);
    });
    if (this.#pointed === null) this.#box.setAttribute("aria-label", this.#summary(lines));
  }

  /** @param {Line[]} lines */
  #summary(lines) {
    const { format, title } = this.#spec;
    const parts = lines.map(({ name, label }) => this.#texts.t("chart.course", {
      line: this.#texts.t(label),
      first: format(this.#curves?.columns[name].find((value) => value !== null)),
      last: format(this.#curves?.last(name)),
    }));
    return `${this.#texts.t(title)}. ${parts.join(" ")}`;
  }

  /** @param {Line[]} lines @returns {uPlot.Options} */
  #settings(lines) {
    const ink = rgb(themed("--ink-soft")), grid = rgb(themed("--line"));
    const style = getComputedStyle(document.documentElement);
    const em = parseFloat(style.fontSize);
    const font = `${0.8125 * em}px ${style.fontFamily}`;
    const axis = { stroke: ink, font, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1, size: 4 } };
    return {
      ...this.#size(),
      padding: [em / 2, em, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
      scales: {
        x: { time: false, range: () => [0, Math.max(this.#epochs, this.#curves?.x.at(-1) ?? 0)] },
        y: { range: (_, low, high) => this.#spec.range(low ?? 0, high ?? 1) },
      },
      axes: [
        { ...axis, size: 1.75 * em, gap: 2, incrs: WHOLE, values: (_, ticks) => ticks.map(String) },
        { ...axis, size: 3.5 * em, gap: 4, values: (_, ticks) => ticks.map(this.#spec.tick) },
      ],
      series: [{}, ...lines.map(({ colour, dash }) => ({
        stroke: rgb(themed(colour)),
        width: 2.25,
        spanGaps: true,
        ...(dash ? { dash } : {}),
        points: {
          show: Boolean(dash) && this.#epochs <= MOST_MARKS, size: 7, fill: rgb(themed("--surface")), width: 2,
        },
      }))],
      hooks: {
        setCursor: [(plot) => {
          this.#pointed = plot.cursor.idx ?? null;
          this.#label(this.#lines());
        }],
      },
    };
  }
}

const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000]; // epochs

/** The value at a place, or the last one before it. @param {any} column @param {number} index */
function valueAt(column, index) {
  for (let at = index; at >= 0; at--) if (column?.[at] !== null) return column?.[at];
  return null;
}

/** A line of the legend as it is drawn. @param {Line} line */
function sample({ colour, dash }) {
  return svg("0 0 28 10", path("M1 5H27", colour, dash));
}

/** A curve as it should look, for a chart that has none yet. @param {ChartSpec} spec */
function sketch({ sketch: course }) {
  return svg("0 0 100 50", path("M0 0V50H100", "--line-strong"), path(course, "--line-strong", [4, 4]));
}

/** @param {string} viewBox @param {...SVGElement} children */
function svg(viewBox, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  element.setAttribute("viewBox", viewBox);
  element.setAttribute("aria-hidden", "true");
  element.append(...children);
  return element;
}

/** @param {string} course @param {string} colour @param {number[]} [dash] */
function path(course, colour, dash) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", "path");
  element.setAttribute("d", course);
  element.style.cssText = `fill: none; stroke: var(${colour}); stroke-width: 2.25; stroke-linecap: round;`;
  if (dash) element.style.strokeDasharray = dash.join(" ");
  return element;
}
