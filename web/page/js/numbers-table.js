/**
 * The curves as a table, for whom a table says more: some twenty epochs, evenly spread, the first and the last with
 * them. It is made when it is opened and when a run ends.
 */

import { spread } from "./curves.js";
import { h } from "./dom.js";
import { cost, percent } from "./numbers.js";

/** @typedef {import("./protocol.js").History} History */
/** @typedef {import("./i18n.js").TextKey} TextKey */

const ROWS = 20;

/** @type {[name: string, label: TextKey, format: (value: number | null) => string][]} */
const COLUMNS = [
  ["loss", "table.loss", cost],
  ["val_loss", "table.val_loss", cost],
  ["accuracy", "table.accuracy", (value) => percent(value, 2)],
  ["val_accuracy", "table.val_accuracy", (value) => percent(value, 2)],
];

export class NumbersTable {
  #root;
  #texts;
  #summary = h("summary");
  #body = h("div", { class: "table-scroll" });
  /** @type {History} */
  #history = {};

  /** @param {HTMLElement} root a details element @param {import("./i18n.js").Texts} texts */
  constructor(root, texts) {
    this.#root = /** @type {HTMLDetailsElement} */ (root);
    this.#texts = texts;
    root.append(this.#summary, this.#body);
    root.addEventListener("toggle", () => this.render());
    texts.onChange(() => this.render());
  }

  /** @param {History} history which may grow meanwhile */
  show(history) {
    this.#history = history;
    this.render();
  }

  render() {
    const { t } = this.#texts;
    const columns = COLUMNS.filter(([name]) => this.#history[name]?.length);
    this.#root.hidden = !columns.length;
    this.#summary.textContent = t("table.title");
    if (!this.#root.open || !columns.length) return;
    const length = this.#history[columns[0][0]].length;
    this.#body.replaceChildren(h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("table.epoch")),
        ...columns.map(([, label]) => h("th", { scope: "col" }, t(label))))),
      h("tbody", {}, ...spread(length, ROWS).map((at) => h("tr", {}, h("th", { scope: "row" }, String(at + 1)),
        ...columns.map(([name, , format]) => h("td", {}, format(this.#history[name][at]))))))));
  }
}
