/**
 * Lines over a common axis, drawn by uPlot: what the charts of a training and the plots of lessons share.
 *
 * A drawing is plain data. The legend shows the newest value of each line or the one under the pointer; pointing at
 * an entry lets the other lines fade, pressing it hides the line. A sentence stands in for the picture.
 */

import uPlot from "../vendor/uplot/uPlot.esm.js";
import { powersOfTen } from "./axes.js";
import { thinned } from "./curves.js";
import { h, rgb, themed } from "./dom.js";
import { sample } from "./svg.js";

/** @typedef {import("./curves.js").Column} Column */
/** @typedef {import("./axes.js").Range} Range */

/**
 * @typedef {object} Line
 * @property {string} name unique among the lines
 * @property {string} label
 * @property {import("./strokes.js").Look} look
 * @property {Column} values
 * @property {boolean} [marked] its points are marked
 *
 * @typedef {object} Drawing
 * @property {string} title
 * @property {number[]} x ascending
 * @property {Line[]} lines
 * @property {Range} xRange
 * @property {Range} yRange
 * @property {boolean} [whole] the x axis counts something: only whole numbers are marked
 * @property {boolean} [log] the y axis is logarithmic
 * @property {boolean} [bridged] lines go on over gaps
 * @property {[number, number][]} [dots] points beside the lines
 * @property {boolean} [walk] they follow each other, and are joined
 * @property {(value: number | null | undefined) => string} format
 * @property {(value: number) => string} xTick
 * @property {(value: number) => string} yTick
 */

const MOST_POINTS = 1200; // more than a chart has columns of pixels on most screens
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000];
const FADED = 0.2; // of the lines that are not pointed at

export class LinePlot {
  legend = h("ul", { class: "legend" });
  box = h("div", { class: "plot", role: "img" });
  #texts;
  #pointedAt;
  /** @type {Drawing | null} */
  #drawing = null;
  /** @type {uPlot | null} */
  #plot = null;
  /** What a drawing must have in common with the last one, that its data alone be replaced. */
  #shape = "";
  /** @type {number | null} */
  #pointed = null;
  #fontSize = 0;
  /** Lines that the learner has put away, by name. @type {Set<string>} */
  #hidden = new Set();

  /**
   * @param {import("./i18n.js").Texts} texts
   * @param {(x: number | null) => void} [pointedAt] told where on the axis the pointer is
   */
  constructor(texts, pointedAt = () => {}) {
    this.#texts = texts;
    this.#pointedAt = pointedAt;
    new ResizeObserver(() => {
      if (!this.#plot || !this.#drawing || !this.box.clientWidth) return;
      if (fontSize() !== this.#fontSize) this.show(this.#drawing); // another screen, another size of type
      else this.#plot.setSize(this.#size());
    }).observe(this.box);
  }

  /** @param {Drawing} drawing */
  show(drawing) {
    this.#drawing = drawing;
    const { x, lines, log, whole, bridged } = drawing;
    this.#fontSize = fontSize();
    const shape = JSON.stringify([
      lines.map(({ name, label, look, marked }) => [name, label, look, marked]), log, whole, this.#fontSize,
      themed("--line"),
    ]);
    const data = thinned(x, lines.map(({ values }) => values), MOST_POINTS, bridged);
    if (this.#plot && shape === this.#shape) {
      this.#plot.setData(data);
    } else {
      this.#clear();
      this.#shape = shape;
      this.#plot = new uPlot(this.#settings(drawing), data, this.box);
      this.legend.replaceChildren(...lines.map((line, at) => this.#entry(line, at)));
    }
    this.#label();
  }

  /** Shows what there is to say while there is nothing to draw. @param {HTMLElement} empty @param {string} label */
  showEmpty(empty, label) {
    this.#clear();
    this.#drawing = null;
    this.legend.replaceChildren();
    this.box.replaceChildren(empty);
    this.box.setAttribute("aria-label", label);
  }

  #clear() {
    this.#plot?.destroy();
    this.#plot = null;
    this.#pointed = null;
    this.box.replaceChildren();
  }

  #size() {
    return { width: this.box.clientWidth, height: this.box.clientHeight };
  }

  /** @param {Line} line @param {number} at */
  #entry({ name, label, look }, at) {
    const focus = (/** @type {boolean} */ focused) => this.#plot?.setSeries(focused ? at + 1 : null, { focus: true });
    return h("li", {}, h("button", {
      class: "legend-line", type: "button", "aria-pressed": String(!this.#hidden.has(name)),
      "title": this.#texts.t("chart.line"),
      "pointerenter": () => focus(true), "pointerleave": () => focus(false),
      "focus": () => focus(true), "blur": () => focus(false),
      "click": (event) => {
        const shown = this.#hidden.delete(name);
        if (!shown) this.#hidden.add(name);
        event.currentTarget.setAttribute("aria-pressed", String(shown));
        this.#plot?.setSeries(at + 1, { show: shown });
      },
    }, sample({ colour: rgb(look.colour), dash: look.dash }), h("span", {}, label), h("b")));
  }

  /** The legend's figures: those under the pointer, else the newest. */
  #label() {
    const { lines, format } = /** @type {Drawing} */ (this.#drawing);
    const data = this.#plot?.data;
    lines.forEach(({ values }, at) => {
      const value = this.#pointed === null ? newest(values) : this.#read(data?.[at + 1], this.#pointed);
      const cell = this.legend.children[at]?.querySelector("b");
      if (cell) cell.textContent = format(value);
    });
    this.#pointedAt(this.#pointed === null ? null : data?.[0][this.#pointed] ?? null);
    if (this.#pointed === null) this.box.setAttribute("aria-label", this.#summary());
  }

  /** The value at a place, or, of a line that goes on over gaps, the last one before it.
   * @param {ArrayLike<number | null | undefined> | undefined} column @param {number} index */
  #read(column, index) {
    let at = index;
    if (this.#drawing?.bridged) while (at > 0 && column?.[at] === null) at--;
    return column?.[at] ?? null;
  }

  #summary() {
    const { title, lines, format } = /** @type {Drawing} */ (this.#drawing);
    const parts = lines.map(({ label, values }) => this.#texts.t("chart.course", {
      line: label, first: format(values.find((value) => value !== null)), last: format(newest(values)),
    }));
    return `${title}. ${parts.join(" ")}`;
  }

  /** @param {Drawing} drawing @returns {uPlot.Options} */
  #settings({ lines, whole, log }) {
    const now = () => /** @type {Drawing} */ (this.#drawing);
    const ink = rgb(themed("--ink-soft")), grid = rgb(themed("--line"));
    const em = this.#fontSize;
    const font = `${0.8125 * em}px ${getComputedStyle(document.documentElement).fontFamily}`;
    const axis = { stroke: ink, font, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1, size: 4 } };
    const powers = () => powersOfTen(now().yRange, this.box.clientHeight / (2.5 * em));
    return {
      ...this.#size(),
      padding: [em / 2, 1.5 * em, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 }, focus: { prox: -1 } },
      focus: { alpha: FADED },
      scales: {
        x: { time: false, range: () => now().xRange },
        y: { ...(log ? { distr: 3 } : {}), range: () => now().yRange },
      },
      axes: [
        { ...axis, size: 1.75 * em, gap: 2, ...(whole ? { incrs: WHOLE } : {}),
          values: (_, ticks) => ticks.map(now().xTick) },
        { ...axis, size: 3.5 * em, gap: 4, ...(log ? { splits: powers, filter: (_, ticks) => ticks } : {}),
          values: (_, ticks) => ticks.map(now().yTick) },
      ],
      series: [{}, ...lines.map(({ name, look, marked = false }) => ({
        show: !this.#hidden.has(name),
        stroke: rgb(look.colour),
        width: 2.25,
        spanGaps: now().bridged ?? false,
        ...(look.dash ? { dash: look.dash } : {}),
        points: { show: marked, size: 7, fill: rgb(themed("--surface")), width: 2 },
      }))],
      hooks: {
        draw: [(plot) => drawDots(plot, now())],
        setCursor: [(plot) => {
          this.#pointed = plot.cursor.idx ?? null;
          this.#label();
        }],
      },
    };
  }
}

/** Pixels of a rem. */
function fontSize() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize);
}

/** @param {Column} values */
function newest(values) {
  return values.findLast((value) => value !== null) ?? null;
}

/**
 * Points as hollow dots; those of a walk are joined in the order in which they were reached, the last one is filled.
 * @param {uPlot} plot
 * @param {Drawing} drawing
 */
function drawDots(plot, { dots = [], walk }) {
  if (!dots.length) return;
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio || 1;
  const places = dots.map(([x, y]) => [plot.valToPos(x, "x", true), plot.valToPos(y, "y", true)]);
  ctx.save();
  ctx.beginPath();
  const air = 7 * scale; // for points at the edge
  ctx.rect(bbox.left - air, bbox.top - air, bbox.width + 2 * air, bbox.height + 2 * air);
  ctx.clip();
  ctx.strokeStyle = rgb(themed("--ink"));
  ctx.lineWidth = 1.5 * scale;
  ctx.setLineDash([]);
  if (walk) {
    ctx.beginPath();
    for (const [x, y] of places) ctx.lineTo(x, y);
    ctx.globalAlpha = 0.5;
    ctx.stroke();
    ctx.globalAlpha = 1;
  }
  places.forEach(([x, y], at) => {
    const last = walk && at === places.length - 1;
    ctx.beginPath();
    ctx.arc(x, y, (last ? 5.5 : 3.5) * scale, 0, 2 * Math.PI);
    ctx.fillStyle = rgb(themed(last ? "--ink" : "--surface"));
    ctx.fill();
    ctx.stroke();
  });
  ctx.restore();
}
