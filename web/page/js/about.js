/**
 * The dialog that says what runs here and whose work it is: versions, origins, licences, and the authors of the data.
 */

import { byId, h } from "./dom.js";
import { gpuWords } from "./gpu-words.js";

/** @typedef {import("./datasets.js").Site} Site */
/** @typedef {import("./protocol.js").Description} Description */

export class About {
  #texts;
  #root = byId("about", HTMLDialogElement);
  #site;
  /** @type {Description | null} */
  description = null;

  /** @param {import("./i18n.js").Texts} texts @param {Site} site */
  constructor(texts, site) {
    this.#texts = texts;
    this.#site = site;
    byId("about-button").addEventListener("click", () => {
      this.#render();
      this.#root.showModal();
    });
    this.#root.addEventListener("click", (event) => {
      if (event.target === this.#root) this.#root.close(); // the backdrop
    });
  }

  #render() {
    const { t } = this.#texts;
    this.#root.replaceChildren(
      h("div", { class: "about-head" }, h("h2", { id: "about-title" }, t("about.title")),
        h("button", { class: "button small", type: "button", click: () => this.#root.close() }, t("close"))),
      h("section", {}, h("p", {}, t("about.what")), h("p", {}, h("a", { href: "bench.html" }, t("about.bench")))),
      this.#versions(), this.#data(), this.#components());
  }

  #versions() {
    const { t } = this.#texts;
    const { version, numpy, pyodide } = this.#site;
    const { description } = this;
    const rows = [["pydl", version], ["Python", description?.python], ["Pyodide", pyodide],
      ["NumPy", t("about.numpy", { version: numpy.version, origin: numpy.origin })],
      [t("about.gpu"), description && gpuWords(description.gpu, t)],
      [t("about.stop"), description && t(`about.stop.${description.stop}`)]];
    return h("section", {}, h("h3", {}, t("about.versions")),
      h("dl", {}, ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value ?? "–")])));
  }

  #data() {
    const { t } = this.#texts;
    const { data } = this.#site;
    const present = data.mnist || data.mnist_subset;
    return h("section", {}, h("h3", {}, t("about.data")),
      h("p", {}, present ? t("about.mnist", { authors: data.mnist_authors, licence: data.mnist_licence })
        : t("dataset.no-mnist")),
      h("p", {}, t("about.drawn")));
  }

  #components() {
    const { t } = this.#texts;
    return h("section", {}, h("h3", {}, t("about.components")),
      h("div", { class: "table-scroll" }, h("table", {},
        h("thead", {}, h("tr", {}, ...[t("about.name"), t("about.version"), t("about.licence")]
          .map((text) => h("th", { scope: "col" }, text)))),
        h("tbody", {}, ...this.#site.components.map(({ name, version, licence, homepage }) =>
          h("tr", {}, h("td", {}, h("a", { href: homepage, rel: "noreferrer", target: "_blank" }, name)),
            h("td", {}, version), h("td", {}, licence)))))),
      h("p", {}, h("a", { href: "NOTICES.txt", target: "_blank" }, t("about.notices"))));
  }
}
