/**
 * One run as it is watched: takes the lab's events, whoever started the run, and keeps curves, numbers and table
 * up to date.
 */

import { Chart } from "./chart.js";
import { Curves, curvesOf } from "./curves.js";
import { byId } from "./dom.js";
import { anyWord } from "./figure-words.js";
import { oncePerFrame } from "./frames.js";
import { MEASURES, readName } from "./networks.js";
import { cost, number, percent } from "./numbers.js";
import { NumbersTable } from "./numbers-table.js";
import { Results } from "./results.js";
import { RunRecord } from "./run-record.js";

/** @typedef {import("./lab.js").Lab} Lab */
/** @typedef {import("./protocol.js").LessonSpec} LessonSpec */
/** @typedef {import("./protocol.js").Place} Place */
/** @typedef {import("./results.js").Progress} Progress */

const SERIES = ["loss", "val_loss", "accuracy", "val_accuracy"];

export class RunView {
  #texts;
  #charts;
  #results;
  #table;
  #curves = new Curves(SERIES);
  #record = new RunRecord();
  /** @type {LessonSpec | null} */
  #lesson = null;
  /** @type {Progress} */
  #progress = {};

  #draw = oncePerFrame(() => {
    this.#results.show(this.#progress);
    for (const chart of this.#charts) chart.changed();
    this.#showCharts();
  });

  /** What the lesson calls a network. @param {string} network */
  #called = (network) => {
    const word = anyWord(this.#lesson, network);
    return word ? this.#texts.of(word) : network;
  };

  /** @param {Lab} lab @param {import("./i18n.js").Texts} texts */
  constructor(lab, texts) {
    this.#texts = texts;
    this.#results = new Results(byId("results"), texts);
    this.#table = new NumbersTable(byId("numbers"), texts, this.#called);
    this.#charts = [
      new Chart(byId("chart-cost"), texts, {
        measure: "loss", title: "chart.cost", empty: "chart.cost.empty", sketch: "M4 6C18 40 34 44 96 46",
        format: cost, tick: number,
        range: (low, high) => [Math.min(0, low), high > 0 ? high * 1.06 : 1],
      }),
      new Chart(byId("chart-accuracy"), texts, {
        measure: "accuracy", title: "chart.accuracy", empty: "chart.accuracy.empty", sketch: "M4 44C14 14 30 8 96 5",
        format: (value) => percent(value, 1), tick: (value) => `${Number((100 * value).toFixed(1))}%`,
        range: (low) => [Math.max(0, Math.floor(low * 10 - 0.5) / 10), 1],
      }),
    ];
    this.clear({});
    this.#watch(lab);
  }

  /** The lesson whose runs are to be seen next. @param {LessonSpec} lesson */
  expect(lesson) {
    this.#lesson = lesson;
    this.clear({});
  }

  /** Forgets the last run. @param {Progress} progress what is known of the next one */
  clear(progress) {
    this.#record = new RunRecord();
    const { trains = true, curves: measures = MEASURES } = this.#lesson ?? {};
    this.#progress = { trains, measures, ...progress };
    this.#showCurves(new Curves(SERIES), progress.epochs ?? 1);
    this.#table.show(this.#record.history);
    this.#results.show(this.#progress);
  }

  /** @param {Curves} curves @param {number} epochs */
  #showCurves(curves, epochs) {
    this.#curves = curves;
    for (const chart of this.#charts) chart.show(curves, epochs, this.#called);
    this.#showCharts();
  }

  /** Only the charts that have curves or wait for some. */
  #showCharts() {
    const measures = this.#lesson?.curves ?? MEASURES;
    const names = Object.keys(this.#curves.columns).filter((name) => this.#curves.has(name));
    for (const chart of this.#charts) {
      chart.shown = measures.includes(chart.measure) || names.some((name) => readName(name)?.measure === chart.measure);
    }
  }

  /** @param {Partial<Progress>} progress */
  #learn(progress) {
    Object.assign(this.#progress, progress);
    this.#draw();
  }

  /** @param {Lab} lab */
  #watch(lab) {
    lab.on("fit", ({ epochs, device, adapter, trial }) => {
      const fit = (this.#progress.fit ?? 0) + 1;
      const known = { epochs, device, adapter, trial, fit };
      this.clear({ ...this.#progress, ...known, logs: {}, epoch: 0, share: 0, state: "running" });
    });
    lab.on("batch", (event) => {
      const share = (event.batch + 1) / event.steps;
      if (Object.keys(event.recent).length) this.#curves.add(event.epoch + share, event.recent);
      this.#learn({ ...this.#pace(event), epoch: event.epoch, share, logs: { ...this.#progress.logs, ...event.logs } });
    });
    lab.on("epoch", (event) => {
      this.#record.add("epoch", event);
      for (let epoch = event.first; epoch <= event.epoch; epoch++) {
        for (const [name, values] of Object.entries(event.history)) {
          // Where an epoch was long enough to be told of batch by batch, its curve is there already.
          const drawn = this.#curves.x.at(-1) === epoch + 1 && this.#curves.columns[name]?.at(-1) !== null;
          if (!drawn) this.#curves.add(epoch + 1, { [name]: values[epoch - event.first] });
        }
      }
      this.#learn({ ...this.#pace(event), epoch: event.epoch + 1, share: 0, logs: event.logs });
    });
    lab.on("done", ({ history, result, stopped, ...pace }) => {
      const state = stopped ? "stopped" : "done";
      this.#learn({ ...this.#pace(pace), logs: { ...this.#progress.logs, ...result }, state });
      if (this.#progress.fit !== 1 || Object.keys(history).some((name) => readName(name)?.network)) {
        const curves = curvesOf(history); // of several trainings, of which the last one has been drawn so far
        this.#showCurves(curves, curves.x.length || 1);
        const epochs = (history.loss ?? history.accuracy)?.length; // of the main network, as all the numbers are
        if (epochs && !stopped) this.#learn({ epoch: epochs, epochs });
      }
      this.#table.show(history);
    });
    lab.on("error", () => {
      if (this.#progress.state === "running") this.#learn({ state: "failed" });
    });
  }

  /** @param {Pick<Place, "seconds" | "device" | "adapter" | "steps_per_second" | "gflops"> & Partial<Place>} place */
  #pace({ seconds, device, adapter, trial = this.#progress.trial, steps_per_second: stepsPerSecond, gflops }) {
    return { seconds, device, adapter, trial, stepsPerSecond, gflops };
  }
}
