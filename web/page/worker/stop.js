/**
 * The worker's side of Stop, in the best of three ways that this browser and this page allow.
 *
 * - interrupt: page and worker share a few bytes; Python looks at them as it runs, as it does for Ctrl+C.
 * - pause: where Python can suspend (JSPI), each fit does so now and then, and a message from the page is heard.
 *   It is also heard while Python waits for a GPU, and acts at the next such pause: nothing runs in between.
 * - terminate: nothing reaches a running Python, and the page ends the worker.
 */

/**
 * @param {import("../pyodide/pyodide.mjs").Pyodide} pyodide
 * @param {any} bridge
 * @param {Uint8Array | null} interrupt
 * @param {boolean} canSuspend
 * @returns {{mode: import("../js/protocol.js").StopMode, forget: () => void}}
 */
export function prepareStop(pyodide, bridge, interrupt, canSuspend) {
  if (interrupt) {
    pyodide.pyimport("signal").signal(2, bridge.interrupt);
    pyodide.setInterruptBuffer(interrupt);
    return { mode: "interrupt", forget: () => {} }; // the page clears the bytes before each call
  }
  if (!canSuspend) return { mode: "terminate", forget: () => {} };
  let asked = 0;
  self.addEventListener("message", (event) => {
    if (event.data?.stop) asked += 1;
  });
  bridge.pause_with(nextTask, () => asked > 0 && asked-- > 0);
  return { mode: "pause", forget: () => { asked = 0; } };
}

/** Resolves after the messages that already wait have been heard. */
function nextTask() {
  return new Promise((resolve) => setTimeout(resolve));
}
