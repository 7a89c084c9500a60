/**
 * The curves as a table, for whom a table says more: some twenty epochs, evenly spread, the first and the last with
 * them. It is made when it is opened and when a run ends.
 */

import { spread } from "./curves.js";
import { h } from "./dom.js";
import { columnsOf } from "./networks.js";
import { cost, percent } from "./numbers.js";

/** @typedef {import("./protocol.js").History} History */
/** @typedef {import("./i18n.js").TextKey} TextKey */

const ROWS = 20;

/** @type {Record<"loss" | "accuracy", {train: TextKey, validation: TextKey, format: typeof cost}>} */
const MEASURES = {
  loss: { train: "table.loss", validation: "table.val_loss", format: cost },
  accuracy: { train: "table.accuracy", validation: "table.val_accuracy", format: (value) => percent(value, 2) },
};

export class NumbersTable {
  #root;
  #texts;
  #called;
  #summary = h("summary");
  #body = h("div", { class: "table-scroll" });
  /** @type {History} */
  #history = {};

  /**
   * @param {HTMLElement} root a details element
   * @param {import("./i18n.js").Texts} texts
   * @param {(network: string) => string} called what a network is called
   */
  constructor(root, texts, called) {
    this.#called = called;
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
    const columns = columnsOf(this.#history).filter(({ name }) => this.#history[name].length);
    this.#root.hidden = !columns.length;
    this.#summary.textContent = t("table.title");
    if (!this.#root.open || !columns.length) return;
    const length = Math.max(...columns.map(({ name }) => this.#history[name].length));
    this.#body.replaceChildren(h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("table.epoch")),
        ...columns.map((column) => h("th", { scope: "col" }, this.#title(column))))),
      h("tbody", {}, ...spread(length, ROWS).map((at) => h("tr", {}, h("th", { scope: "row" }, String(at + 1)),
        ...columns.map(({ name, measure }) => h("td", {}, MEASURES[measure].format(this.#history[name][at]))))))));
  }

  /** @param {import("./networks.js").Name} column */
  #title({ network, measure, validated }) {
    const { t } = this.#texts;
    const title = t(MEASURES[measure][validated ? "validation" : "train"]);
    return network ? t("table.network", { network: this.#called(network), measure: title }) : title;
  }
}
