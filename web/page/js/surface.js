/**
 * A decision surface: the network's output all over the plane in colour, the line where it is undecided, and the
 * points with their labels.
 */

import { contour } from "./contour.js";
import { fitted, h, rgb, themed } from "./dom.js";
import { isXor, Picture } from "./picture.js";

/** @typedef {import("./protocol.js").DecisionSurface} DecisionSurface */

/** What is shown before any training. @type {Pick<DecisionSurface, "low" | "high" | "points">} */
const PLANE = { low: -0.5, high: 1.5, points: [] };
/** The same where the task is known. @type {typeof PLANE} */
const XOR = { ...PLANE, points: [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]] };

/** @extends {Picture<DecisionSurface>} */
export class SurfacePicture extends Picture {
  #canvas;

  /** @param {import("./picture.js").Place} place @param {import("./i18n.js").Texts} texts */
  constructor(place, texts) {
    const canvas = h("canvas", { class: "surface", role: "img" });
    const key = h("div", { "class": "surface-key", "aria-hidden": "true" },
      h("span", {}, "0"), h("span", { class: "surface-ramp" }), h("span", {}, "1"));
    super(place, texts, { title: "surface.title", caption: "surface.caption", empty: "surface.empty" }, [canvas, key]);
    this.#canvas = canvas;
    new ResizeObserver(() => this.render()).observe(canvas);
  }

  render() {
    super.render();
    const { low, high, points } = this.figure ?? (isXor(this.place) ? XOR : PLANE);
    const { context, width, height } = fitted(this.#canvas);
    this.#canvas.setAttribute("aria-label", `${this.title}. ${this.caption.textContent}`);
    const { fontSize, fontFamily } = getComputedStyle(document.documentElement);
    const em = parseFloat(fontSize);
    const margin = 1.625 * em;
    const side = Math.min(width, height) - margin;
    if (side < 20) return;
    /** Pixels of a coordinate. @param {number} x1 @param {number} x2 @returns {[number, number]} */
    const at = (x1, x2) => [margin + ((x1 - low) / (high - low)) * side, side - ((x2 - low) / (high - low)) * side];
    if (this.figure) {
      context.drawImage(painted(this.figure), margin, 0, side, side);
      drawBoundary(context, this.figure, at);
    } else {
      context.fillStyle = rgb(themed("--middle"));
      context.fillRect(margin, 0, side, side);
    }
    drawAxes(context, at, margin, side, `${0.8125 * em}px ${fontFamily}`);
    for (const point of points) drawPoint(context, point, at, 0.75 * em, `600 ${0.875 * em}px ${fontFamily}`);
  }
}

/** The values as an image of one pixel each, first row at the bottom. @param {DecisionSurface} figure */
function painted({ values, size }) {
  const canvas = h("canvas", { width: size, height: size });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(size, size);
  const [low, middle, high] = ["--low", "--middle", "--high"].map(themed);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const value = values[row * size + column];
      const [from, to] = value < 0.5 ? [low, middle] : [middle, high];
      const share = value < 0.5 ? value * 2 : value * 2 - 1;
      const at = 4 * ((size - 1 - row) * size + column);
      for (let channel = 0; channel < 3; channel++) {
        image.data[at + channel] = from[channel] + share * (to[channel] - from[channel]);
      }
      image.data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** @typedef {(x1: number, x2: number) => [number, number]} Projection */

/** @param {CanvasRenderingContext2D} context @param {DecisionSurface} figure @param {Projection} at */
function drawBoundary(context, { values, size, low, high }, at) {
  const step = (high - low) / (size - 1);
  context.beginPath();
  for (const [x, y, toX, toY] of contour(values, size, 0.5)) {
    context.moveTo(...at(low + x * step, low + y * step));
    context.lineTo(...at(low + toX * step, low + toY * step));
  }
  context.strokeStyle = rgb(themed("--ink"));
  context.lineWidth = 2;
  context.lineCap = "round";
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Projection} at
 * @param {number} margin
 * @param {number} side
 * @param {string} font
 */
function drawAxes(context, at, margin, side, font) {
  context.strokeStyle = rgb(themed("--line"));
  context.lineWidth = 1;
  context.strokeRect(margin + 0.5, 0.5, side - 1, side - 1);
  context.fillStyle = rgb(themed("--ink-soft"));
  context.font = font;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const tick of [0, 1]) {
    context.fillText(String(tick), at(tick, 0)[0], side + margin / 2);
    context.fillText(String(tick), margin / 2, at(0, tick)[1]);
  }
  context.fillText("x₁", at(0.5, 0)[0], side + margin / 2);
  context.fillText("x₂", margin / 2, at(0, 0.5)[1]);
}

/**
 * A point with its label: a circle for 0, a square for 1.
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number, number]} point
 * @param {Projection} at
 * @param {number} radius
 * @param {string} font
 */
function drawPoint(context, [x1, x2, label], at, radius, font) {
  const [x, y] = at(x1, x2);
  context.beginPath();
  if (label) context.rect(x - 0.9 * radius, y - 0.9 * radius, 1.8 * radius, 1.8 * radius);
  else context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = rgb(themed("--surface"));
  context.fill();
  context.strokeStyle = rgb(themed("--ink"));
  context.lineWidth = 2;
  context.stroke();
  context.fillStyle = rgb(themed("--ink"));
  context.font = font;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(String(label), x, y + radius / 12);
}
