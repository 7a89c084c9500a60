/**
 * One run as it is watched: takes the lab's events, whoever started the run, and keeps curves, numbers and table
 * up to date.
 */

import { Chart } from "./chart.js";
import { Curves } from "./curves.js";
import { byId } from "./dom.js";
import { oncePerFrame } from "./frames.js";
import { cost, percent } from "./numbers.js";
import { NumbersTable } from "./numbers-table.js";
import { Results } from "./results.js";
import { RunRecord } from "./run-record.js";

/** @typedef {import("./lab.js").Lab} Lab */
/** @typedef {import("./results.js").Progress} Progress */

const SERIES = ["loss", "val_loss", "accuracy", "val_accuracy"];
const VALIDATION_DASH = [7, 4];

export class RunView {
  #charts;
  #results;
  #table;
  #curves = new Curves(SERIES);
  #record = new RunRecord();
  /** @type {Progress} */
  #progress = {};

  #draw = oncePerFrame(() => {
    this.#results.show(this.#progress);
    for (const chart of this.#charts) chart.changed();
  });

  /** @param {Lab} lab @param {import("./i18n.js").Texts} texts */
  constructor(lab, texts) {
    this.#results = new Results(byId("results"), texts);
    this.#table = new NumbersTable(byId("numbers"), texts);
    this.#charts = [
      new Chart(byId("chart-cost"), texts, {
        title: "chart.cost", empty: "chart.cost.empty", sketch: "M4 6C18 40 34 44 96 46", format: cost, tick: cost,
        range: (low, high) => [Math.min(0, low), high > 0 ? high * 1.06 : 1],
        lines: [{ name: "loss", label: "series.train", colour: "--train" },
          { name: "val_loss", label: "series.validation", colour: "--validation", dash: VALIDATION_DASH }],
      }),
      new Chart(byId("chart-accuracy"), texts, {
        title: "chart.accuracy", empty: "chart.accuracy.empty", sketch: "M4 44C14 14 30 8 96 5",
        format: (value) => percent(value, 1), tick: (value) => `${Number((100 * value).toFixed(1))}%`,
        range: (low) => [Math.max(0, Math.floor(low * 10 - 0.5) / 10), 1],
        lines: [{ name: "accuracy", label: "series.train", colour: "--train" },
          { name: "val_accuracy", label: "series.validation", colour: "--validation", dash: VALIDATION_DASH }],
      }),
    ];
    this.clear({});
    this.#watch(lab);
  }

  /** Forgets the last run. @param {Progress} progress what is known of the next one */
  clear(progress) {
    this.#record = new RunRecord();
    this.#progress = progress;
    this.#newCurves(progress.epochs ?? 1);
    this.#table.show(this.#record.history);
    this.#results.show(progress);
  }

  /** @param {number} epochs */
  #newCurves(epochs) {
    this.#curves = new Curves(SERIES);
    for (const chart of this.#charts) chart.show(this.#curves, epochs);
  }

  /** @param {Partial<Progress>} progress */
  #learn(progress) {
    Object.assign(this.#progress, progress);
    this.#draw();
  }

  /** @param {Lab} lab */
  #watch(lab) {
    lab.on("fit", ({ epochs, device }) => {
      this.clear({ ...this.#progress, logs: {}, epoch: 0, share: 0, epochs, device, state: "running" });
    });
    lab.on("batch", (event) => {
      const share = (event.batch + 1) / event.steps;
      this.#curves.add(event.epoch + share, event.recent);
      this.#learn({ ...this.#pace(event), epoch: event.epoch, share, logs: { ...this.#progress.logs, ...event.logs } });
    });
    lab.on("epoch", (event) => {
      this.#record.add("epoch", event);
      for (let epoch = event.first; epoch <= event.epoch; epoch++) {
        // Where an epoch was long enough to be told of batch by batch, its curve is there already.
        const drawn = this.#curves.x.at(-1) === epoch + 1;
        for (const [name, values] of Object.entries(event.history)) {
          if (!drawn || name.startsWith("val_")) this.#curves.add(epoch + 1, { [name]: values[epoch - event.first] });
        }
      }
      this.#learn({ ...this.#pace(event), epoch: event.epoch + 1, share: 0, logs: event.logs });
    });
    lab.on("done", ({ result, seconds, stopped, device }) => {
      const state = stopped ? "stopped" : "done";
      this.#learn({ logs: { ...this.#progress.logs, ...result }, seconds, device, state });
      this.#table.render();
    });
    lab.on("error", () => {
      if (this.#progress.state === "running") this.#learn({ state: "failed" });
    });
  }

  /** @param {import("./protocol.js").Place} place */
  #pace({ seconds, steps_per_second: stepsPerSecond }) {
    return { seconds, stepsPerSecond };
  }
}
