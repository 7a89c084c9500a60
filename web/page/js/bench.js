/**
 * The bench: the same measurement as `python -m pydl bench`, part by part in the page's worker. `window.bench` is one,
 * which bench.html's own button uses and `python3 -m web bench` too.
 */

/**
 * @typedef {object} BenchOptions
 * @property {string} [device] "auto", or some of `pydl.devices()` with commas between
 * @property {string[]} [networks]
 * @property {number} [rounds]
 * @property {number} [seconds] that a turn lasts at least
 * @property {number} [models] compiled and dropped, to see whether memory grows
 * @property {number | null} [peak] of the GPU in float32, in TFLOP/s
 * @property {Record<string, string>} [references] addresses of the step written in C, by variant
 *
 * @typedef {object} Contestant
 * @property {number} [milliseconds] absent where the device cannot run the network
 * @property {number} [images_per_second]
 * @property {number} [compile_seconds]
 * @property {number | null} [module_bytes]
 * @property {number} [memory_bytes]
 * @property {number | null} [dispatches] of a step on a GPU
 *
 * @typedef {{of: string, to: string, ratio: number}} Ratio
 *
 * @typedef {object} Figures what has been measured so far
 * @property {string[]} devices
 * @property {number} rounds
 * @property {string} machine
 * @property {string} date
 * @property {Record<string, {words: string, contestants: Record<string, Contestant>, ratios: Ratio[]}>} networks
 * @property {{adapter: string, software: boolean}} [gpu]
 * @property {Record<string, Record<string, number>>} [matmul] GFLOP/s
 * @property {{size: string, times_as_fast: number}} [eager]
 * @property {{network: string, steps: number, seconds: Record<string, number>}} [long_run]
 * @property {{network: string, steps: number, bytes: [number, number]}} [endurance] in buffers, before and after
 */

/** Names of the session in Python; the worker keeps them from call to call. */
const BEGIN = `import json
from pydl import bench
references = {}`;

/** Somebody has stopped the measurement. */
export class Stopped extends Error {
  name = "Stopped";
}

export class Bench {
  #lab;

  /** @param {import("./lab.js").Lab} lab */
  constructor(lab) {
    this.#lab = lab;
  }

  /**
   * Prepares a measurement. The answer: its parts, to be measured in this order.
   * @param {BenchOptions} [options]
   * @returns {Promise<string[]>}
   */
  async begin({ references = {}, ...options } = {}) {
    const load = Object.entries(references).map(([variant, path]) =>
      `references[${python(variant)}] = await bench.load_reference(${python(new URL(path, location.href).href)})`);
    return this.#python([BEGIN, ...load,
      `session = bench.Bench(**json.loads(${python(JSON.stringify(options))}), references=references)`,
      "session.parts"].join("\n"));
  }

  /** Measures a part. The answer: all figures so far. @param {string} part @returns {Promise<Figures>} */
  async measure(part) {
    return this.#python(`session.measure(${python(part)})`);
  }

  /** The report. @param {"text" | "markdown" | "json"} form @returns {Promise<string>} */
  async report(form) {
    return this.#python(`bench.as_${form}(session.figures)`);
  }

  /**
   * What is known outside of the page: the machine's name, and the memory of the browser's processes.
   * @param {{machine: string, process_bytes: (number | null)[]}} facts
   * @returns {Promise<void>}
   */
  async note(facts) {
    await this.#python(`session.note(**json.loads(${python(JSON.stringify(facts))}))`);
  }

  /** A line for every bar that is not met. @returns {Promise<string[]>} */
  async missed() {
    return this.#python("bench.missed(session.figures)");
  }

  /** @param {string} code @returns {Promise<any>} */
  async #python(code) {
    const { value, error } = await this.#lab.exec(code);
    if (error?.includes("KeyboardInterrupt")) throw new Stopped();
    if (error) throw new Error(error.trimEnd().split("\n").at(-1));
    return value;
  }
}

/** A text as Python writes it, which is as JSON does. @param {string} text */
function python(text) {
  return JSON.stringify(text);
}
