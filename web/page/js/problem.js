/**
 * What went wrong, in words for the learner, with Python's traceback where there is one. Text stays text.
 */

import { byId, h } from "./dom.js";

/** @typedef {import("./protocol.js").Failure} Failure */

export class ProblemPanel {
  #texts;
  #root = byId("error");
  #title = h("h2");
  #message = h("p", { class: "error-message" });
  #traceback = h("pre", { class: "printed", id: "traceback", tabindex: 0 });
  #copy = h("button", { class: "button small", type: "button", click: () => this.#toClipboard() });
  #close = h("button", { class: "button small quiet", type: "button", click: () => this.hide() });
  /** @type {Failure | null} */
  #failure = null;

  /** @param {import("./i18n.js").Texts} texts */
  constructor(texts) {
    this.#texts = texts;
    this.#root.append(
      h("div", { class: "error-head" }, h("div", {}, this.#title, this.#message),
        h("div", { class: "error-tools" }, this.#copy, this.#close)),
      this.#traceback);
    texts.onChange(() => this.#render());
  }

  /** @param {Failure} failure */
  show(failure) {
    this.#failure = failure;
    this.#render();
  }

  hide() {
    this.#failure = null;
    this.#render();
  }

  #render() {
    const { t } = this.#texts;
    this.#root.hidden = !this.#failure;
    if (!this.#failure) return;
    const { type, message, traceback } = this.#failure;
    this.#title.textContent = traceback ? t("error.python", { type })
      : t(type === "start" ? "error.start" : "error.title");
    this.#message.textContent = message;
    this.#traceback.textContent = traceback;
    this.#traceback.hidden = !traceback;
    this.#traceback.setAttribute("aria-label", t("error.traceback"));
    this.#copy.textContent = t("copy");
    this.#close.textContent = t("close");
  }

  async #toClipboard() {
    try {
      await navigator.clipboard.writeText(this.#failure?.traceback ?? this.#failure?.message ?? "");
      this.#copy.textContent = this.#texts.t("copied");
    } catch { // no permission, or a page without https: the text is selected, to be copied by hand
      getSelection()?.selectAllChildren(this.#traceback.hidden ? this.#message : this.#traceback);
    }
  }
}
