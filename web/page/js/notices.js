/**
 * What the learner is told when a device has failed and another one goes on: quietly, and only until the next run.
 */

import { byId, h } from "./dom.js";

/** @typedef {import("./protocol.js").NoticeEvent} NoticeEvent */

export class Notices {
  #texts;
  #root = byId("notices");
  #lines = h("div");
  #close = h("button", { class: "button small quiet", type: "button", click: () => this.clear() });
  /** @type {NoticeEvent[]} */
  #notices = [];

  /** @param {import("./i18n.js").Texts} texts */
  constructor(texts) {
    this.#texts = texts;
    this.#root.append(this.#lines, this.#close);
    texts.onChange(() => this.#render());
  }

  /** Once what says the same: where a training finds no memory, its measuring may find none either.
   * @param {NoticeEvent} notice */
  add(notice) {
    const { cause, device, to } = notice;
    if (this.#notices.some((each) => each.cause === cause && each.device === device && each.to === to)) return;
    this.#notices.push(notice);
    this.#render();
  }

  clear() {
    this.#notices = [];
    this.#render();
  }

  #render() {
    const { t } = this.#texts;
    this.#root.hidden = !this.#notices.length;
    this.#lines.replaceChildren(...this.#notices.map(({ cause, device, to, message }) =>
      h("p", { title: message }, t(`notice.${cause}`, { device, to }))));
    this.#close.textContent = t("close");
  }
}
