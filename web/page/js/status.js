/**
 * The status line: what is loading and how far, and what the lab does now. Only a change of phase is read out.
 */

import { byId } from "./dom.js";
import { gpuWords } from "./gpu-words.js";
import { bytes } from "./numbers.js";

export class Status {
  #texts;
  #root = byId("status");
  #text = byId("status-text");
  #bytes = byId("status-bytes");
  #bar = byId("loading", HTMLProgressElement);
  #restart = byId("restart");
  #lab;
  /** Said while all is ready. @type {import("./protocol.js").Description | null} */
  #description = null;

  /** @param {import("./lab.js").Lab} lab @param {import("./i18n.js").Texts} texts */
  constructor(lab, texts) {
    this.#lab = lab;
    this.#texts = texts;
    lab.on("status", () => this.render());
    texts.onChange(() => this.render());
    this.#restart.addEventListener("click", () => lab.restart());
    this.render();
  }

  /** @param {import("./protocol.js").Description} description */
  set description(description) {
    this.#description = description;
    this.render();
  }

  render() {
    const { phase, loaded, total } = this.#lab.status;
    this.#root.dataset.phase = phase;
    const text = this.#words();
    if (this.#text.textContent !== text) this.#text.textContent = text;
    const loading = phase === "loading" || phase === "data" || phase === "restarting";
    const detail = loading && loaded ? this.#howFar(loaded, total) : phase === "ready" ? this.#detail() : "";
    this.#bytes.textContent = this.#bytes.title = detail;
    this.#bar.hidden = !loading;
    if (loaded && total) this.#bar.value = loaded / total;
    else this.#bar.removeAttribute("value");
    this.#restart.hidden = phase !== "failed";
  }

  #words() {
    const { t } = this.#texts;
    const { phase, what } = this.#lab.status;
    if (phase === "loading") return t(what === "packages" ? "status.packages" : "status.python");
    return t(`status.${phase}`);
  }

  #detail() {
    if (!this.#description) return "";
    const { python, numpy, gpu } = this.#description;
    return [`Python ${python}`, `NumPy ${numpy}`, gpuWords(gpu, this.#texts.t)].join(" · ");
  }

  /** @param {number} loaded @param {number} [total] */
  #howFar(loaded, total) {
    return total ? this.#texts.t("status.bytes", { loaded: bytes(loaded), total: bytes(total) }) : bytes(loaded);
  }
}
