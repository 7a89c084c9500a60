/**
 * What `wasm_host.py` needs of the browser to run the modules that Python compiles: memories, instances and windows
 * into them, and Python's own memory for the matrix product that works in place. A worker may compile and instantiate
 * at once, without waiting.
 */

const ENGINES = /** @type {const} */ ([
  ["Firefox", /Firefox\/(\d+)/], ["Edge", /Edg\/(\d+)/], ["Chromium", /Chrome\/(\d+)/], ["Safari", /Version\/(\d+)/],
]);

/** @typedef {{toJs: () => Uint8Array<ArrayBuffer>}} PythonBytes */

/** @param {import("../pyodide/pyodide.mjs").Pyodide} pyodide */
export function wasmEngine(pyodide, userAgent = navigator.userAgent) {
  return {
    name: engineName(userAgent),

    /** @param {number} pages of 64 KiB */
    memory: (pages) => new WebAssembly.Memory({ initial: pages }),

    /** The functions of a module on this memory. @param {PythonBytes} code @param {WebAssembly.Memory} memory */
    instantiate: (code, memory) =>
      new WebAssembly.Instance(new WebAssembly.Module(code.toJs()), { env: { memory } }).exports,

    /** @param {WebAssembly.Memory} memory @param {number} address @param {number} nbytes */
    window: (memory, address, nbytes) => new Uint8Array(memory.buffer, address, nbytes),

    /**
     * Python's own memory, in which an array stands at its address; undefined where this Pyodide does not show it.
     * The name is private, so it is compared with where an array really is. @param {PythonBuffer} sample
     */
    pythonMemory(sample) {
      const memory = pyodide._module?.memory;
      const buffer = sample.getBuffer("u8");
      const same = memory instanceof WebAssembly.Memory && memory.buffer === buffer.data.buffer;
      const address = buffer.data.byteOffset;
      buffer.release();
      return same ? { memory, address } : undefined;
    },
  };
}

/** @typedef {{getBuffer: (type: "u8") => {data: Uint8Array, release: () => void}}} PythonBuffer */

/** @param {string} userAgent */
export function engineName(userAgent) {
  for (const [name, pattern] of ENGINES) {
    const version = pattern.exec(userAgent)?.[1];
    if (version) return `${name} ${version}`;
  }
  return "this browser";
}
