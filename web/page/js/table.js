/**
 * A lesson's table: rows of words and numbers, such as the measured result beside the published one.
 */

import { h } from "./dom.js";
import { number, percent } from "./numbers.js";
import { Picture } from "./picture.js";

/** @typedef {import("./protocol.js").Table} Table */

/** @extends {Picture<Table>} */
export class TablePicture extends Picture {
  #scroll;

  /** @param {import("./picture.js").Place} place @param {import("./i18n.js").Texts} texts */
  constructor(place, texts) {
    const scroll = h("div", { class: "table-scroll", role: "region", tabindex: 0 });
    super(place, texts, null, [scroll]);
    this.#scroll = scroll;
  }

  render() {
    super.render();
    this.#scroll.setAttribute("aria-label", this.title);
    const { columns, rows, percent: shares = [] } = this.figure ?? this.#awaited();
    const words = columns.map((_, at) => (this.figure ? rows.some((row) => typeof row[at] === "string") : at === 0));
    const align = (/** @type {number} */ at) => (words[at] ? "words" : "number");
    this.#scroll.replaceChildren(h("table", { class: "lesson-table" },
      h("thead", {}, h("tr", {}, ...columns.map((column, at) =>
        h("th", { scope: "col", class: align(at) }, this.word("columns", column))))),
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...columns.map((column, at) => {
        const content = this.#cell(row[at] ?? null, shares.includes(column));
        return at === 0 && words[0] ? h("th", { scope: "row", class: align(at) }, content)
          : h("td", { class: align(at) }, content);
      }))))));
  }

  /** The columns that the lesson has words for, and a row to come. @returns {Omit<Table, "kind" | "name">} */
  #awaited() {
    const columns = Object.keys(this.place.words.columns ?? {});
    return { columns, rows: [columns.map(() => null)] };
  }

  /** @param {string | number | boolean | null} value @param {boolean} share @returns {Node | string} */
  #cell(value, share) {
    if (typeof value === "string") return this.word("cells", value);
    if (typeof value === "boolean") {
      return h("span", { class: value ? "mark right" : "mark wrong" }, value ? "✓ " : "✕ ",
        h("span", { class: "sr-only" }, this.texts.t(value ? "yes" : "no")));
    }
    return share ? percent(value, 2) : number(value);
  }
}
