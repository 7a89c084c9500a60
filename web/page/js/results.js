/**
 * The strip of numbers above the curves: how good, how far, how fast, on what.
 */

import { h } from "./dom.js";
import { cost, count, duration, milliseconds, percent, rate } from "./numbers.js";

/** @typedef {import("./i18n.js").TextKey} TextKey */
/** @typedef {import("./i18n.js").Texts} Texts */
/** @typedef {import("./protocol.js").Logs} Logs */

/**
 * What is known of a run; everything is optional, since it becomes known bit by bit.
 * @typedef {object} Progress
 * @property {Logs} [logs]
 * @property {number} [epoch] finished ones
 * @property {number} [share] of the current epoch
 * @property {number} [epochs]
 * @property {number | null} [stepsPerSecond]
 * @property {number | null} [gflops]
 * @property {number} [seconds]
 * @property {string} [device]
 * @property {string} [adapter] the device's processor or engine
 * @property {Record<string, number>} [trial] milliseconds per step of the devices that were tried for that
 * @property {number} [fit] which training of the run this is
 * @property {boolean} [trains] false for a lesson without a training; its run is one stretch
 * @property {readonly ("loss" | "accuracy")[]} [measures] those that the lesson is known to have
 * @property {() => string} [source] what is learned from, in words
 * @property {"waiting" | "running" | "done" | "stopped" | "failed"} [state]
 */

const SMALL = 0.65; // width of the small digits beside a number, in its own

/** One number of the strip. It changes ten times a second, so nothing is touched that stays as it is. */
class Cell {
  #label = h("dt");
  #value = h("span");
  #rest = h("small");
  #number = h("dd", {}, this.#value, this.#rest);
  #widest = 0;
  element = h("div", {}, this.#label, this.#number);

  /** @param {string} label @param {string} value @param {string} rest @param {boolean} leads */
  show(label, value, rest, leads) {
    this.element.className = value === "–" ? "absent" : leads ? "lead" : "";
    setText(this.#label, label);
    setText(this.#value, value);
    setText(this.#rest, rest);
    const width = value.length + rest.length * SMALL;
    if (width > this.#widest) { // cells only grow, so that their neighbours do not jump about
      this.#widest = width;
      this.#number.style.minWidth = `${width}ch`;
    }
  }
}

export class Results {
  #texts;
  #strip = h("dl", { class: "figures" });
  /** @type {Map<TextKey, Cell>} */
  #cells = new Map();
  #source = h("span", { class: "source" });
  #trial = h("span", { class: "trial" });
  #bar = h("progress", { max: 1 });
  #note = h("span", { role: "status" });
  /** @type {Progress} */
  #progress = {};

  /** @param {HTMLElement} root @param {import("./i18n.js").Texts} texts */
  constructor(root, texts) {
    this.#texts = texts;
    root.append(this.#strip, h("div", { class: "run-line" }, this.#source, this.#trial, this.#bar, this.#note));
    texts.onChange(() => this.show(this.#progress));
  }

  /** @param {Progress} progress */
  show(progress) {
    this.#progress = progress;
    const { t } = this.#texts;
    const { epoch = 0, share = 0, epochs, state = "waiting", source, trains = true } = progress;
    const numbers = numbersOf(progress);
    if (state === "waiting") this.#cells.clear();
    this.#strip.hidden = !numbers.length;
    const cells = numbers.map(([label, value, rest = ""], at) => {
      const cell = this.#cells.get(label) ?? new Cell();
      this.#cells.set(label, cell);
      cell.show(t(label), value, rest, at === 0);
      return cell.element;
    });
    if (cells.length !== this.#strip.children.length || cells.some((cell, at) => cell !== this.#strip.children[at])) {
      this.#strip.replaceChildren(...cells);
    }
    setText(this.#source, source?.() ?? "");
    this.#source.hidden = !this.#source.textContent;
    setText(this.#trial, trialOf(progress, t));
    this.#trial.hidden = !this.#trial.textContent;
    this.#trial.title = t("results.trial.about");
    if (state === "running" && !epochs) this.#bar.removeAttribute("value");
    else this.#bar.value = epochs ? Math.min(1, (epoch + share) / epochs) : Number(state === "done");
    this.#bar.setAttribute("aria-label", t("results.progress"));
    setText(this.#note, this.#words(state, trains));
  }

  /** @param {NonNullable<Progress["state"]>} state @param {boolean} trains */
  #words(state, trains) {
    const { t } = this.#texts;
    const { fit = 1, seconds } = this.#progress;
    if (!trains && state === "waiting") return t("plain.waiting");
    if (!trains && state === "running") return t("plain.running");
    if (!trains && seconds !== undefined) return `${t(`run.${state}`)} · ${duration(seconds)}`;
    return state === "running" && fit > 1 ? t("run.another", { fit }) : t(`run.${state}`);
  }
}

/** @param {Progress} progress @returns {[label: TextKey, value: string, rest?: string][]} */
function numbersOf(progress) {
  const { logs = {}, measures = [], epoch, epochs, stepsPerSecond, gflops, seconds, trains = true } = progress;
  /** @type {[TextKey, string, string?][]} */
  const judged = "test_accuracy" in logs ? [["results.test", percent(logs.test_accuracy, 2)]]
    : "val_accuracy" in logs ? [["results.validation", percent(logs.val_accuracy, 2)]] : [];
  /** @type {typeof judged} */
  const measured = [];
  if (measures.includes("accuracy") || "accuracy" in logs) measured.push(["results.accuracy", percent(logs.accuracy)]);
  if (measures.includes("loss") || "loss" in logs) measured.push(["results.cost", cost(logs.loss)]);
  if (!trains && !epochs && !measured.length) return []; // the time that it took stands beside the bar
  return [
    ...judged, ...measured,
    ["results.epoch", epochs ? count(epoch) : "–", epochs ? ` / ${count(epochs)}` : ""],
    ["results.speed", rate(stepsPerSecond)],
    ["results.gflops", rate(gflops)],
    ["results.time", duration(seconds)],
    ["results.device", ...computer(progress)],
  ];
}

/** A device; of a GPU also which one it is, since a machine may have two. @param {Progress} progress
 * @returns {[string, string]} */
function computer({ device = "auto", adapter }) {
  if (device === "auto") return ["–", ""];
  return [device, device === "webgpu" && adapter ? ` (${adapter})` : ""];
}

/** By which figures the device was chosen: "wasm: 3.1 ms per step (numpy 61)". @param {Progress} progress
 * @param {Texts["t"]} t */
function trialOf({ device = "", trial = {} }, t) {
  if (!(device in trial)) return "";
  const others = Object.keys(trial).filter((name) => name !== device);
  return t("results.trial", { device, time: milliseconds(trial[device]),
    others: others.map((name) => `${name} ${milliseconds(trial[name])}`).join(", ") });
}

/** @param {HTMLElement} element @param {string} text */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
