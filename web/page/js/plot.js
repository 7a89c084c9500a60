/**
 * A lesson's own lines: a cost over a weight and the walk down it, activations, gradients layer by layer.
 */

import { extent, linearRange, logRange, widened } from "./axes.js";
import { h, themed } from "./dom.js";
import { LinePlot } from "./line-plot.js";
import { number } from "./numbers.js";
import { Picture } from "./picture.js";
import { columnsOf } from "./plot-data.js";
import { looks } from "./strokes.js";
import { sketch } from "./svg.js";

/** @typedef {import("./protocol.js").Plot} Plot */

const FEW = 60; // points of all lines up to which each is marked, unless data points stand beside them

/** @extends {Picture<Plot>} */
export class PlotPicture extends Picture {
  #plot;
  #x = h("p", { class: "axis-name x" });
  #y = h("p", { class: "axis-name y" });

  /** @param {import("./picture.js").Place} place @param {import("./i18n.js").Texts} texts */
  constructor(place, texts) {
    const plot = new LinePlot(texts, (x) => this.#nameAxes(x));
    const drawing = h("div", { class: "plot-drawing" });
    super(place, texts, null, [h("div", { class: "plot-body" }, drawing, plot.legend)]);
    drawing.append(this.#y, plot.box, this.#x);
    this.#plot = plot;
  }

  render() {
    super.render();
    this.#nameAxes(null);
    const { figure, texts: { t } } = this;
    const drawing = figure && this.#drawing(figure);
    if (drawing) this.#plot.show(drawing);
    else {
      this.#plot.showEmpty(h("div", { class: "empty" }, sketch("M4 44C30 40 40 12 96 8"), h("p", {}, t("plot.empty"))),
        `${this.title}. ${t("plot.empty")}`);
    }
  }

  /** @param {number | null} pointed where the pointer reads */
  #nameAxes(pointed) {
    const { x, y } = this.place.words;
    const name = x ? this.texts.of(x) : "x";
    this.#x.textContent = pointed === null ? `${name} →` : `${name} = ${number(pointed)}`;
    this.#y.textContent = y ? `↑ ${this.texts.of(y)}` : "";
  }

  /** Null where there is not a single number to draw. @param {Plot} figure */
  #drawing({ lines, x, values, log = false, ordered = false, points = [], walk = false }) {
    const columns = columnsOf(x, values, lines.length, log);
    const dots = /** @type {[number, number][]} */ (
      points.filter(([a, b]) => a !== null && b !== null && (!log || b > 0)));
    // A walk may leave the picture, as one does that diverges; data points may not.
    const [along, above] = walk && columns.x.length ? [[], []] : [dots.map(([a]) => a), dots.map(([, b]) => b)];
    const xRange = extent([columns.x, along]), yRange = extent([...columns.values, above]);
    if (!yRange || !xRange) return null;
    const styles = looks(lines.length, ordered, themed);
    return {
      title: this.title, x: columns.x, dots, walk, log, whole: columns.x.every(Number.isInteger),
      lines: lines.map((name, at) => ({
        name, label: this.word("lines", name), look: styles[at], values: columns.values[at],
        marked: !dots.length && columns.x.length * lines.length <= FEW,
      })),
      xRange: xRange[0] === xRange[1] ? linearRange(...xRange) : along.length ? widened(xRange) : xRange,
      yRange: (log ? logRange : linearRange)(...yRange),
      format: number, xTick: number, yTick: number,
    };
  }
}
