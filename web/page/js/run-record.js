/**
 * What the page has seen of a call so far: enough to answer for a run whose worker had to be ended.
 */

/** @typedef {import("./protocol.js").History} History */

export class RunRecord {
  /** @type {History} */
  history = {};
  device = "auto";
  seconds = 0;
  output = "";

  /** @param {string} name @param {any} data an event of the worker */
  add(name, data) {
    if (name === "output") this.output += data.text;
    if (name === "fit") [this.device, this.history] = [data.device, {}]; // of the training under way
    if (name === "batch" || name === "epoch") [this.seconds, this.device] = [data.seconds, data.device ?? this.device];
    if (name !== "epoch") return;
    for (const [key, values] of Object.entries(/** @type {History} */ (data.history))) {
      const all = this.history[key] ??= [];
      for (const value of values) all.push(value); // there may be 100,000: too many to be the arguments of one push
    }
  }

  /** The answer of a run that was stopped here. @returns {import("./protocol.js").RunResult} */
  stopped() {
    const { history, device, seconds } = this;
    const result = Object.fromEntries(Object.entries(history).map(([key, values]) => [key, values.at(-1) ?? null]));
    const nonfinite = Object.values(history).some((values) => values.includes(null));
    return { history, result, device, seconds, stopped: true, ...(nonfinite ? { nonfinite } : {}) };
  }
}
