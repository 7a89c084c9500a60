/**
 * The four answers of a gate such as XOR beside what they should be, as numbers and bars.
 */

import { h } from "./dom.js";
import { isXor, Picture } from "./picture.js";

/** @typedef {import("./protocol.js").Outputs} Outputs */

/** What is shown before any training. @type {Omit<Outputs, "kind" | "targets"> & {targets: (number | null)[]}} */
const INPUTS = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [null, null, null, null],
  outputs: [null, null, null, null] };
/** The same where the task is known. @type {typeof INPUTS} */
const XOR = { ...INPUTS, targets: [0, 1, 1, 0] };

/** @extends {Picture<Outputs>} */
export class OutputsPicture extends Picture {
  #table;

  /** @param {import("./picture.js").Place} place @param {import("./i18n.js").Texts} texts */
  constructor(place, texts) {
    const table = h("table", { class: "outputs" });
    super(place, texts, { title: "outputs.title", caption: "outputs.caption", empty: "outputs.empty" },
      [h("div", { class: "table-scroll" }, table)]);
    this.#table = table;
  }

  render() {
    super.render();
    const { t } = this.texts;
    const { inputs, targets, outputs } = this.figure ?? (isXor(this.place) ? XOR : INPUTS);
    this.#table.replaceChildren(
      h("thead", {}, h("tr", {}, ...["x₁", "x₂", t("outputs.target"), t("outputs.output"), t("outputs.verdict")]
        .map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, ...inputs.map(([x1, x2], row) => {
        const output = outputs[row];
        const known = output !== null;
        const right = known && (output >= 0.5) === (targets[row] === 1);
        return h("tr", {}, h("td", {}, String(x1)), h("td", {}, String(x2)), h("td", {}, String(targets[row] ?? "–")),
          h("td", { class: "output-cell" }, bar(output)),
          h("td", {}, known && h("span", { class: right ? "mark right" : "mark wrong" },
            `${right ? "✓" : "✕"} `, h("span", { class: "sr-only" }, t(right ? "right" : "wrong")))));
      })));
  }
}

/** @param {number | null} output between 0 and 1 */
function bar(output) {
  const fill = h("div", { class: "bar-fill" });
  fill.style.transform = `scaleX(${output ?? 0})`;
  return h("div", { class: "bar-row" }, h("div", { class: "bar-track half" }, fill),
    h("span", {}, output === null ? "–" : output.toFixed(4)));
}
