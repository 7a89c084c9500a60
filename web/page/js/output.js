/**
 * What Python prints. Only the newest part is kept, so that an endless loop of prints cannot fill the page.
 *
 * Where a lesson mainly prints, its lines lead: they stand above the pictures, and are there to be read from the top.
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
  #leads = false;

  #draw = oncePerFrame(() => {
    const { scrollTop, scrollHeight, clientHeight } = this.#printed;
    const atEnd = scrollHeight - scrollTop - clientHeight < 4;
    this.#root.hidden = !this.#text && !this.#leads;
    this.#clear.hidden = !this.#text;
    this.#printed.textContent = this.#text || this.#texts.t("output.empty");
    this.#printed.classList.toggle("caption", !this.#text);
    if (atEnd && !this.#leads) this.#printed.scrollTop = this.#printed.scrollHeight;
  });

  /** @param {import("./i18n.js").Texts} texts */
  constructor(texts) {
    this.#texts = texts;
    this.#root.append(h("div", { class: "output-head" }, this.#title, this.#clear), this.#printed);
    texts.onChange(() => this.#label());
    this.#label();
  }

  /** @param {HTMLElement} pictures @param {boolean} leads whether the output is what the lesson is about */
  place(pictures, leads) {
    if (leads !== this.#leads) {
      this.#leads = leads;
      this.#root.classList.toggle("leads", leads);
      pictures[leads ? "before" : "after"](this.#root);
    }
    this.clear();
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
    this.#draw();
  }
}
