/**
 * What Python prints. Only the newest part is kept, so that an endless loop of prints cannot fill the page.
 */

import { byId, h } from "./dom.js";
import { oncePerFrame } from "./frames.js";

const LONGEST = 50_000; // characters

export class OutputPanel {
  #texts;
  #root = byId("output");
  #title = h("h2", { class: "panel-title" });
  #clear = h("button", { class: "button small quiet", type: "button", click: () => this.clear() });
  #printed = h("pre", { class: "printed", tabindex: 0 });
  #text = "";

  #draw = oncePerFrame(() => {
    this.#root.hidden = !this.#text;
    this.#printed.textContent = this.#text;
    this.#printed.scrollTop = this.#printed.scrollHeight;
  });

  /** @param {import("./i18n.js").Texts} texts */
  constructor(texts) {
    this.#texts = texts;
    this.#root.append(h("div", { class: "output-head" }, this.#title, this.#clear), this.#printed);
    texts.onChange(() => this.#label());
    this.#label();
  }

  /** @param {string} text */
  add(text) {
    this.#text = (this.#text + text).slice(-LONGEST);
    this.#draw();
  }

  clear() {
    this.#text = "";
    this.#draw();
  }

  #label() {
    this.#title.textContent = this.#texts.t("output");
    this.#clear.textContent = this.#texts.t("clear");
    this.#printed.setAttribute("aria-label", this.#texts.t("output"));
  }
}
