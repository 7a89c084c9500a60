// How the worker opens a GPU and sends it steps; a few objects stand in for the browser's.

import assert from "node:assert/strict";
import { test } from "node:test";

import { describe, GpuEngine, inTime, openGpu } from "../../../web/page/worker/gpu-host.js";

globalThis.navigator ??= { userAgent: "" }; // older versions of node have none
const MOST = 2 ** 31;
const adapterOf = (settings = {}) => ({
  info: { vendor: "intel", architecture: "gen-12lp", device: "", description: "" },
  limits: new Proxy({}, { get: () => MOST }),
  requestDevice: async ({ requiredLimits }) => deviceOf({ limits: requiredLimits }),
  ...settings,
});
const deviceOf = (settings = {}) => ({
  lost: new Promise(() => {}), limits: {}, addEventListener: () => {}, destroyed: 0, scopes: 0,
  destroy() { this.destroyed += 1; },
  pushErrorScope() { this.scopes += 1; },
  async popErrorScope() { this.scopes -= 1; return null; },
  ...settings,
});
const gpuOf = (...adapters) => ({ requestAdapter: async () => adapters.shift() ?? null });
const open = (gpu, more = {}) => openGpu({ gpu, secure: true, canSuspend: true, ...more });

test("why there is no GPU is told apart", async () => {
  const reason = async (...settings) => (await open(...settings)).reason;
  assert.equal(await reason(undefined), "none");
  assert.equal(await reason(undefined, { secure: false }), "insecure");
  assert.equal(await reason(gpuOf(adapterOf()), { canSuspend: false }), "no-jspi");
  assert.equal(await reason(gpuOf()), "no-adapter");
  assert.equal(await reason(gpuOf(adapterOf())), "");
  const broken = { requestAdapter: async () => { throw new Error("no driver\nat vulkan.cpp"); } };
  assert.deepEqual(await open(broken), { reason: "refused", detail: "no driver" });
});

test("all that the adapter has is asked for, and the least where that is refused", async () => {
  const { engine } = await open(gpuOf(adapterOf()));
  assert.equal(engine.limits.maxBufferSize, MOST);
  assert.equal(engine.limits.maxStorageBuffersPerShaderStage, MOST);
  const asked = [];
  const wary = () => adapterOf({ requestDevice: async ({ requiredLimits }) => {
    asked.push(Object.keys(requiredLimits).length);
    if (asked.at(-1)) throw new Error("too much");
    return deviceOf();
  } });
  assert.equal((await open(gpuOf(wary(), wary()))).reason, "");
  assert.deepEqual(asked, [7, 0]);
});

test("a GPU that does not answer is not waited for, and one that comes late is closed", async () => {
  let answer = () => {};
  const late = new Promise((resolve) => { answer = resolve; });
  assert.deepEqual(await inTime(late, performance.now(), 20), { reason: "timeout" });
  const device = deviceOf();
  answer({ engine: { device }, reason: "" });
  await late;
  assert.equal(device.destroyed, 1);
  const there = { engine: { device: deviceOf() }, reason: "" };
  assert.equal(await inTime(Promise.resolve(there), performance.now() - 5000), there, "the boot took its time");
  assert.equal(there.engine.device.destroyed, 0);
});

test("a GPU is called as its maker calls it, and one that a CPU plays is known", () => {
  const named = (info, more) => Object.values(describe({ info, ...more }));
  assert.deepEqual(named({ vendor: "google", architecture: "swiftshader" }), ["SwiftShader", true]);
  assert.deepEqual(named({ vendor: "nvidia", architecture: "hopper" }), ["NVIDIA hopper", false]);
  assert.deepEqual(named({ vendor: "nvidia", description: "NVIDIA H200" }), ["NVIDIA H200", false]);
  assert.deepEqual(named({ vendor: "mesa", description: "llvmpipe (LLVM 15.0.6, 256 bits)" }),
    ["llvmpipe (LLVM 15.0.6, 256 bits)", true]);
  assert.deepEqual(named({ vendor: "x", isFallbackAdapter: true }), ["x", true]);
  assert.deepEqual(named(undefined, { isFallbackAdapter: true }), ["a GPU without a name", true]);
});

test("steps go into few command buffers, and nothing is set twice", async () => {
  const sent = [];
  let pass = {};
  const device = deviceOf({
    createCommandEncoder: () => ({
      beginComputePass: () => {
        pass = { pipelines: 0, groups: 0, dispatches: 0, ended: 0 };
        return {
          setPipeline: () => { pass.pipelines += 1; }, setBindGroup: () => { pass.groups += 1; },
          dispatchWorkgroups: () => { pass.dispatches += 1; }, end: () => { pass.ended += 1; },
        };
      },
      finish: () => pass,
    }),
    queue: { submit: (buffers) => sent.push(...buffers) },
  });
  const engine = new GpuEngine(gpuOf(), adapterOf(), device);
  const entries = (count) => Array.from({ length: count }, (_, at) => [{ pipeline: at >> 1 }, "group", 8, 1]);
  engine.run(entries(4), 150);
  assert.deepEqual(sent.map(({ dispatches }) => dispatches), [256, 256, 88]);
  assert.deepEqual(sent.at(-1), { pipelines: 44, groups: 1, dispatches: 88, ended: 1 });
  sent.length = 0;
  engine.run(entries(1500), 3);
  assert.deepEqual(sent.map(({ dispatches }) => dispatches), [1500, 1500, 1500]);
  assert.equal(device.scopes, 0, "what is opened is closed");
});

test("what waits is told of a loss, whatever the GPU still answers", async () => {
  let lose = () => {};
  const device = deviceOf({
    lost: new Promise((resolve) => { lose = resolve; }),
    createBuffer: () => ({}), popErrorScope: () => new Promise(() => {}),
  });
  const engine = new GpuEngine(gpuOf(), adapterOf(), device);
  globalThis.GPUBufferUsage = { STORAGE: 1, COPY_SRC: 2, COPY_DST: 4 };
  const waiting = engine.buffer(8, "x");
  lose({ reason: "unknown", message: "driver reset" });
  const { error } = await waiting;
  assert.deepEqual([error.name, error.message, engine.lost], ["lost", "driver reset", "driver reset"]);
  assert.equal((await engine.buffer(8, "x")).error.name, "lost");
  assert.throws(() => engine.run([], 1), { name: "lost" });
  engine.destroy({ size: 8, destroy: assert.fail });
  assert.equal(engine.bytes, 0);
});
