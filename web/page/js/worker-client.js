/**
 * One worker, from its start to its end: calls that never hang, even when it dies, and Stop in its three strengths.
 *
 * The lab holds one of these at a time and makes a new one when it is gone.
 */

import { wrap } from "../vendor/comlink/comlink.mjs";
import { EVENTS, FATAL, STOP_MESSAGE } from "./protocol.js";

/** @typedef {import("./protocol.js").Description} Description */
/** @typedef {import("./protocol.js").EventName} EventName */

/** The worker has ended, and with it the call. */
export class WorkerGone extends Error {
  name = "WorkerGone";
}

export class WorkerClient {
  #worker;
  #api;
  #interrupt = globalThis.crossOriginIsolated ? new Uint8Array(new SharedArrayBuffer(1)) : null;
  #watch = new AbortController();
  /** @type {(reason: string) => void} */
  #end = () => {};

  /** Resolves with the reason when the worker has ended. @type {Promise<string>} */
  gone = new Promise((resolve) => { this.#end = resolve; });

  /** @param {(event: EventName, data: any) => void} onEvent */
  constructor(onEvent) {
    this.#worker = new Worker(new URL("../worker/worker.js", import.meta.url), { type: "module", name: "pydl" });
    this.#api = /** @type {import("comlink").Remote<import("./protocol.js").WorkerApi>} */ (wrap(this.#worker));
    const lock = `pydl-worker-${Math.random().toString(36).slice(2)}`;
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.terminate(event.message || "its script could not be loaded");
    });
    this.#worker.addEventListener("message", ({ data }) => {
      if (data.event === FATAL) this.terminate(data.data.message);
      else if (data.event === "alive") this.#watchLock(lock);
      else if (EVENTS.includes(data.event)) onEvent(data.event, data.data);
    });
    /** @type {Promise<Description>} */
    this.ready = this.#orGone(this.#api.start({ interrupt: this.#interrupt, lock }));
    this.ready.catch((error) => this.terminate(error.message));
  }

  /** @param {string} lesson @param {string} options @returns {Promise<string>} */
  run(lesson, options) {
    this.#clearInterrupt();
    return this.#orGone(this.#api.run(lesson, options));
  }

  /** @param {string} code @returns {Promise<string>} */
  execute(code) {
    this.#clearInterrupt();
    return this.#orGone(this.#api.execute(code));
  }

  /** Asks a busy worker to stop; where it cannot hear, nothing happens. */
  interrupt() {
    if (this.#interrupt) this.#interrupt[0] = 2; // SIGINT
    else this.#worker.postMessage(STOP_MESSAGE);
  }

  /** @param {string} reason */
  terminate(reason) {
    this.#watch.abort();
    this.#worker.terminate();
    this.#end(reason);
  }

  #clearInterrupt() {
    if (this.#interrupt) this.#interrupt[0] = 0;
  }

  /** The browser grants us the worker's lock when the worker is no more, whatever ended it. @param {string} lock */
  #watchLock(lock) {
    navigator.locks.request(lock, { signal: this.#watch.signal }, () => this.terminate("it ended unexpectedly"))
      .catch(() => {}); // aborted: we ended the worker ourselves
  }

  /**
   * @template T
   * @param {Promise<T>} answer
   * @returns {Promise<T>}
   */
  #orGone(answer) {
    return Promise.race([answer, this.gone.then((reason) => { throw new WorkerGone(reason); })]);
  }
}
