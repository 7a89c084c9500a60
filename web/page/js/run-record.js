/**
 * What the page has seen of a call so far: enough to answer for a run whose worker had to be ended.
 */

/** @typedef {import("./protocol.js").History} History */

export class RunRecord {
  /** @type {History} */
  history = {};
  device = "auto";
  adapter = "";
  /** @type {{steps_per_second: number | null, gflops: number | null}} */
  pace = { steps_per_second: null, gflops: null };
  seconds = 0;
  output = "";

  /** @param {string} name @param {any} data an event of the worker */
  add(name, data) {
    if (name === "output") this.output += data.text;
    if (name === "fit") this.history = {}; // of the training under way
    if (name === "fit" || name === "batch" || name === "epoch") {
      const { device, adapter, seconds = 0, steps_per_second = null, gflops = null } = data;
      Object.assign(this, { device, adapter, seconds, pace: { steps_per_second, gflops } });
    }
    if (name !== "epoch") return;
    for (const [key, values] of Object.entries(/** @type {History} */ (data.history))) {
      const all = this.history[key] ??= [];
      for (const value of values) all.push(value); // there may be 100,000: too many to be the arguments of one push
    }
  }

  /** The answer of a run that was stopped here. @returns {import("./protocol.js").RunResult} */
  stopped() {
    const { history, device, adapter, pace, seconds } = this;
    const result = Object.fromEntries(Object.entries(history).map(([key, values]) => [key, values.at(-1) ?? null]));
    const nonfinite = Object.values(history).some((values) => values.includes(null));
    return { history, result, device, adapter, ...pace, seconds, stopped: true, ...(nonfinite ? { nonfinite } : {}) };
  }
}
