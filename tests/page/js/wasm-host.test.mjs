// What the worker offers Python to run modules with; node's own WebAssembly stands in for the browser's.

import assert from "node:assert/strict";
import { test } from "node:test";

import { engineName, wasmEngine } from "../../../web/page/worker/wasm-host.js";

// (module (import "env" "memory" (memory 0)) (func (export "first") (result i32) (i32.load (i32.const 0))))
const FIRST = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 2, 15, 1, 3, 101, 110, 118, 6, 109, 101, 109, 111, 114, 121, 2,
  0, 0, 3, 2, 1, 0, 7, 9, 1, 5, 102, 105, 114, 115, 116, 0, 0, 10, 9, 1, 7, 0, 65, 0, 40, 2, 0, 11,
]);

/** A Python array at an address of a memory. */
function sampleIn(memory, address) {
  return { getBuffer: () => ({ data: new Uint8Array(memory.buffer, address, 4), release: () => {} }) };
}

test("a browser is named by what it says of itself", () => {
  const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
  assert.equal(engineName(chrome), "Chromium 156");
  assert.equal(engineName(`${chrome} Edg/156.0.0.0`), "Edge 156");
  assert.equal(engineName("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"), "Firefox 153");
  assert.equal(engineName("Mozilla/5.0 (Macintosh) AppleWebKit/605 (KHTML, like Gecko) Version/27.0 Safari/605"),
    "Safari 27");
  assert.equal(engineName("something new"), "this browser");
});

test("a module works on the memory it is given, also after it has grown", () => {
  const engine = wasmEngine({}, "");
  const memory = engine.memory(1);
  const { first } = engine.instantiate({ toJs: () => FIRST }, memory);
  engine.window(memory, 0, 4).set([1, 2, 0, 0]);
  assert.equal(first(), 513);
  memory.grow(10);
  assert.equal(first(), 513);
  assert.equal(engine.window(memory, 65536 * 10, 4).length, 4);
});

test("Python's memory is given out only where it is the one that arrays stand in", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const other = new WebAssembly.Memory({ initial: 1 });
  const sample = sampleIn(memory, 48);
  assert.deepEqual(wasmEngine({ _module: { memory } }, "").pythonMemory(sample), { memory, address: 48 });
  for (const pyodide of [{}, { _module: {} }, { _module: { memory: memory.buffer } }, { _module: { memory: other } }]) {
    assert.equal(wasmEngine(pyodide, "").pythonMemory(sample), undefined);
  }
});
