/**
 * The worker: boots Python, loads the packages of the site's own lock file, and hands calls to bridge.py.
 *
 * Calls arrive through Comlink and answers leave the same way; events go out as plain messages. While Python runs,
 * this thread hears nothing, unless Python pauses (see stop.js).
 */

import { expose } from "../vendor/comlink/comlink.mjs";
import { loadPyodide } from "../pyodide/pyodide.mjs";
import { fetchJson } from "../js/fetch-json.js";
import { FATAL } from "../js/protocol.js";
import { countDownloads } from "./downloads.js";
import { inTime, openGpu } from "./gpu-host.js";
import { siteFiles } from "./site-files.js";
import { prepareStop } from "./stop.js";
import { wasmEngine } from "./wasm-host.js";

/** @typedef {import("../js/protocol.js").WorkerConfig} WorkerConfig */

const SITE = new URL("../", import.meta.url);
const PYODIDE = new URL("pyodide/", SITE).href;
const MODULES = ["bridge.py", "wasm_host.py", "gpu_host.py"]; // Python's side of this worker
const HAS_JSPI = "Suspending" in WebAssembly;

/** @type {import("../pyodide/pyodide.mjs").PyProxy} */
let bridge;
/** What a Python exception is in JavaScript. @type {new (...args: any[]) => Error} */
let PythonError;
/** Forgets a wish to stop that came too late for the last call. */
let forgetStop = () => {};

/** @type {(event: string, data: object, transfer?: Transferable[]) => void} */
function send(event, data, transfer = []) {
  self.postMessage({ event, data }, { transfer });
}

/**
 * What bridge.py posts: JSON, and a figure's arrays, which are handed over without another copy.
 * @param {string} event
 * @param {string} text
 * @param {{toJs: (options: object) => Record<string, Float32Array | Uint8Array>}} arrays
 */
function post(event, text, arrays) {
  const typed = arrays.toJs({ dict_converter: Object.fromEntries });
  send(event, { ...JSON.parse(text), ...typed }, Object.values(typed).map((array) => array.buffer));
}

/** @param {WorkerConfig} config */
async function start(config) {
  const begun = performance.now();
  holdLock(config.lock);
  const opening = openGpu({ gpu: navigator.gpu, secure: isSecureContext, canSuspend: HAS_JSPI });
  const early = Promise.all([
    fetchJson(new URL("site.json", SITE)),
    ...MODULES.map((name) => fetch(new URL(name, import.meta.url)).then(wholeBody))]);
  early.catch(() => {}); // told of below, once it is its turn
  const downloads = countDownloads((progress) => send("status", { phase: "loading", ...progress }));
  downloads.next("python");
  const pyodide = await Promise.race([downloads.failed, loadPyodide({
    indexURL: PYODIDE, packageBaseUrl: PYODIDE, lockFileURL: `${PYODIDE}pyodide-lock.json`,
  })]);
  ({ PythonError } = pyodide.ffi); // now: a Python that has died does not tell any more
  downloads.next("packages");
  const [site, ...sources] = await early;
  const packages = site.allow_network ? ["pydl-lab", "micropip"] : ["pydl-lab"]; // without a network it has no use
  /** @type {string[]} */
  const problems = [];
  await pyodide.loadPackage(packages, {
    messageCallback: () => {}, errorCallback: (message) => problems.push(message),
  });
  if (problems.length) throw new Error(problems.join("\n"));
  downloads.end();
  MODULES.forEach((name, index) => pyodide.FS.writeFile(name, sources[index]));
  pyodide.pyimport("wasm_host").provide(wasmEngine(pyodide));
  const wait = HAS_JSPI ? pyodide.pyimport("pyodide.ffi").run_sync : undefined;
  const { engine, reason, detail } = await inTime(opening, begun);
  pyodide.pyimport("gpu_host").provide(engine, reason, detail, wait);
  bridge = pyodide.pyimport("bridge").Bridge(post, siteFiles(SITE, site.data), wait);
  const stop = prepareStop(pyodide, bridge, config.interrupt, HAS_JSPI);
  forgetStop = stop.forget;
  return {
    ...JSON.parse(await call("describe")), pyodide: pyodide.version, stop: stop.mode,
    gpu: { adapter: engine?.adapter ?? "", software: engine?.software ?? false, reason },
    seconds: (performance.now() - begun) / 1000,
  };
}

/** @param {Response} response */
async function wholeBody(response) {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** A lock that the browser frees when this worker ends, however it ends: the page waits for it. @param {string} name */
function holdLock(name) {
  navigator.locks?.request(name, () => {
    send("alive", {});
    return new Promise(() => {});
  });
}

/**
 * Calls a method of the bridge. Errors come back inside the answer; thrown past it are only a stop that came at an
 * awkward moment, which is a Python error too, and the death of Python itself.
 * @param {string} method
 * @param {string[]} args
 */
async function call(method, ...args) {
  forgetStop();
  try {
    return HAS_JSPI ? await bridge[method].callPromising(...args) : bridge[method](...args);
  } catch (error) {
    if (!(error instanceof PythonError)) send(FATAL, { message: String(error) });
    throw error;
  }
}

expose({
  start,
  run: (/** @type {string} */ lesson, /** @type {string} */ options) => call("run", lesson, options),
  execute: (/** @type {string} */ code) => call("execute", code),
});
