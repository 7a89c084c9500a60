/**
 * The lab: `window.pydl`, which scripts use and the page's own buttons too.
 *
 * It keeps one worker alive, lets calls wait until Python is ready, allows one at a time, and turns answers into plain
 * objects and errors. A worker that dies is replaced; the call it died in is rejected and the next one works.
 */

import { EVENTS } from "./protocol.js";
import { RunRecord } from "./run-record.js";
import { WorkerClient } from "./worker-client.js";

/** @typedef {import("./protocol.js").Description} Description */
/** @typedef {import("./protocol.js").EventName} EventName */
/** @typedef {import("./protocol.js").EventShapes} EventShapes */
/** @typedef {import("./protocol.js").NoticeEvent} NoticeEvent */
/** @typedef {import("./protocol.js").RunResult} RunResult */
/** @typedef {import("./protocol.js").ExecResult} ExecResult */

const SECOND_STOP = 800; // ms after which a polite stop becomes an interrupt at once
const LAST_STOP = 2000; // ms after which the worker is ended
const STOPPED_EXEC = "KeyboardInterrupt: Python had to be ended to stop this. " +
  "It starts anew; names defined before are gone.";

/** Another call runs; `pydl.stop()` ends it. */
export class BusyError extends Error {
  name = "BusyError";
}

/** An error in Python: `type` is Python's name for it, `traceback` null where the message says all. */
export class PythonError extends Error {
  name = "PythonError";

  /** @param {import("./protocol.js").Failure} failure */
  constructor({ type, message, traceback }) {
    super(message);
    this.type = type;
    this.traceback = traceback;
  }
}

/**
 * A call that waits for Python or runs in it.
 * @typedef {object} Call
 * @property {"run" | "exec"} kind
 * @property {RunRecord} record
 * @property {boolean} stopping
 * @property {Promise<void>} ended
 * @property {() => void} end
 */

export class Lab {
  /** @type {Map<string, Set<(data: any) => void>>} */
  #listeners = new Map(EVENTS.map((name) => [name, new Set()]));
  /** @type {WorkerClient | null} */
  #client = null;
  /** @type {Description | null} */
  #description = null;
  #booted = false;
  /** @type {EventShapes["status"]} */
  #status = { phase: "loading", what: "python" };
  /** @type {Promise<Description>} */
  #ready = this.#boot();
  /** @type {Set<Call>} */
  #waiting = new Set();
  /** @type {Call | null} */
  #running = null;

  /** Resolves with what the worker says of itself when Python is ready; a new promise after each restart. */
  get ready() {
    return this.#ready;
  }

  /** The version of pydl; undefined until Python is ready. */
  get version() {
    return this.#description?.version;
  }

  /** What a lesson can be computed on: the names that the option `device` takes, besides "auto". */
  async devices() {
    return [...(await this.#python()).devices];
  }

  /**
   * Runs a lesson with options by their names. Resolves when it has ended or was stopped (`stopped: true`, with the
   * history so far); rejects with a PythonError when Python raised one, and with a BusyError while another call runs.
   * @param {string} lesson
   * @param {Record<string, unknown>} [options]
   * @returns {Promise<RunResult>}
   */
  async run(lesson, options = {}) {
    if (typeof options !== "object" || options === null) {
      throw new TypeError(`pydl.run(lesson, options): options are an object, as in {epochs: 3}; got ${options}`);
    }
    const text = JSON.stringify(options);
    return this.#call(newCall("run"), { kind: "run", lesson, options },
      (client) => client.run(String(lesson), text),
      (record) => record.stopped(),
      (result) => this.#emit("done", { lesson, ...result }));
  }

  /**
   * Runs Python code; names live on to the next call. An error in the code is in the answer, not a rejection; it is
   * an `error` event all the same, so that the page shows it.
   * @param {string} code
   * @returns {Promise<ExecResult>}
   */
  async exec(code) {
    return this.#call(newCall("exec"), { kind: "exec" },
      (client) => client.execute(String(code)),
      (record) => ({ value: null, stdout: record.output, error: STOPPED_EXEC }),
      ({ error }) => { if (error && error !== STOPPED_EXEC) this.#emit("error", failureOf(error)); });
  }

  /**
   * Stops the call that runs, and those that wait for Python do not begin. Resolves when that is done, with whether
   * there was anything to stop.
   * @returns {Promise<boolean>}
   */
  async stop() {
    const waiting = [...this.#waiting];
    for (const call of waiting) Object.assign(call, { stopping: true }).end();
    const [call, client] = [this.#running, this.#client];
    if (!call || !client) return waiting.length > 0;
    if (call.stopping) return call.ended.then(() => true);
    call.stopping = true;
    this.#emit("status", { phase: "stopping" });
    if (this.#description?.stop !== "terminate") {
      client.interrupt();
      if (await endsWithin(call, SECOND_STOP)) return true;
      client.interrupt();
      if (await endsWithin(call, LAST_STOP - SECOND_STOP)) return true;
    }
    client.terminate("stopped");
    return call.ended.then(() => true);
  }

  /**
   * Calls `listener` with an event's data whenever it happens; the answer unsubscribes.
   * @template {EventName} Name
   * @param {Name} name
   * @param {(data: EventShapes[Name]) => void} listener
   * @returns {() => void}
   */
  on(name, listener) {
    const listeners = this.#listeners.get(name);
    if (!listeners) throw new TypeError(`there is no event "${name}"; known events: ${EVENTS.join(", ")}`);
    if (typeof listener !== "function") throw new TypeError(`pydl.on("${name}", listener): listener is no function`);
    listeners.add(listener);
    return () => { listeners.delete(listener); };
  }

  /** The newest event of that name. */
  get status() {
    return this.#status;
  }

  /** Starts Python again after it could not start. */
  restart() {
    if (!this.#client) this.#ready = this.#boot();
  }

  /** @returns {Promise<Description>} */
  #boot() {
    const client = new WorkerClient((name, data) => {
      if (this.#client === client) this.#heard(name, data); // what an ended worker had still sent is dropped
    });
    this.#client = client;
    const ready = client.ready.then((description) => {
      this.#booted = true;
      this.#description = description;
      this.#emit("status", { phase: "ready" });
      return description;
    }, (error) => { throw new Error(`Python could not start: ${error.message}`, { cause: error }); });
    ready.catch(() => {}); // who waits for it is told; nobody may be waiting
    client.gone.then((message) => {
      const died = this.#booted;
      this.#booted = false;
      this.#client = null;
      this.#emit("status", { phase: died ? "restarting" : "failed", message });
      if (died) this.restart();
    });
    return ready;
  }

  /** A ready worker, after another attempt where the last one failed. */
  #python() {
    this.restart();
    return this.#ready;
  }

  /**
   * @template T
   * @param {Call} call
   * @param {EventShapes["start"]} start
   * @param {(client: WorkerClient) => Promise<string>} ask
   * @param {(record: RunRecord) => T} stopped the answer for a call that had to be cut off
   * @param {(result: T) => void} [done]
   * @returns {Promise<T>}
   */
  async #call(call, start, ask, stopped, done) {
    this.#waiting.add(call);
    try {
      await Promise.race([this.#python(), call.ended]);
    } finally {
      this.#waiting.delete(call);
    }
    if (call.stopping) return stopped(call.record);
    if (this.#running) throw new BusyError(`a ${this.#running.kind} is under way; await it, or end it by pydl.stop()`);
    this.#running = call;
    this.#emit("start", start);
    this.#emit("status", { phase: "running" });
    try {
      const result = await this.#answer(call, ask, stopped);
      done?.(result);
      return result;
    } catch (error) {
      const { message, type = "Error", traceback = null } = /** @type {PythonError} */ (error);
      this.#emit("error", { type, message, traceback });
      throw error;
    } finally {
      this.#running = null;
      call.end();
      if (this.#booted) this.#emit("status", { phase: "ready" });
    }
  }

  /**
   * @template T
   * @param {Call} call
   * @param {(client: WorkerClient) => Promise<string>} ask
   * @param {(record: RunRecord) => T} stopped
   * @returns {Promise<T>}
   */
  async #answer(call, ask, stopped) {
    let text;
    try {
      text = await ask(/** @type {WorkerClient} */ (this.#client));
    } catch (error) {
      if (call.stopping) return stopped(call.record);
      throw new Error(`the worker ended during the call: ${/** @type {Error} */ (error).message}; a new one starts`);
    }
    /** @type {import("./protocol.js").Reply<T>} */
    const reply = JSON.parse(text);
    if (reply.error) throw new PythonError(reply.error);
    return /** @type {T} */ (reply.ok);
  }

  /** @param {EventName} name @param {any} data */
  #heard(name, data) {
    this.#running?.record.add(name, data);
    if (name === "notice" && this.#description) leave(this.#description, data);
    this.#emit(name, data);
    if (name === "fit") this.#emit("status", { phase: this.#running?.stopping ? "stopping" : "training" });
  }

  /** @template {EventName} Name @param {Name} name @param {EventShapes[Name]} data */
  #emit(name, data) {
    if (name === "status") this.#status = /** @type {EventShapes["status"]} */ (data);
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        listener(data);
      } catch (error) {
        reportError(error); // a listener's mistake is its own
      }
    }
  }
}

/** Forgets a GPU that is not used any more. @param {Description} description @param {NoticeEvent} notice */
function leave(description, { cause, devices }) {
  description.devices = devices;
  if (devices.includes("webgpu")) return;
  description.gpu = { adapter: "", software: false, reason: cause === "lost" ? "lost" : "failed" };
}

/** What a traceback says in its last line, "ZeroDivisionError: division by zero". @param {string} traceback */
function failureOf(traceback) {
  const last = traceback.trimEnd().split("\n").at(-1) ?? "";
  const [type, ...message] = last.split(": ");
  return { type, message: message.join(": ") || type, traceback };
}

/** @param {Call["kind"]} kind @returns {Call} */
function newCall(kind) {
  let end = () => {};
  const ended = new Promise((/** @type {(nothing: void) => void} */ resolve) => { end = () => resolve(); });
  return { kind, record: new RunRecord(), stopping: false, ended, end };
}

/** @param {Call} call @param {number} ms @returns {Promise<boolean>} */
function endsWithin(call, ms) {
  return Promise.race([
    call.ended.then(() => true),
    new Promise((/** @type {(late: false) => void} */ resolve) => setTimeout(() => resolve(false), ms)),
  ]);
}
