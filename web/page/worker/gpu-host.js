/**
 * What `gpu_host.py` needs of the browser to run shaders: a GPU that is opened while Python loads, and one call for
 * each thing that Python wants of it. What has to be waited for is a promise; Python suspends until it is kept.
 *
 * An error that leaves this module has a kind for its name: "lost", "memory" or "invalid". Nothing waits for a GPU that
 * is gone.
 */

import { engineName } from "./wasm-host.js";

/** Milliseconds from the start of the page after which it goes on without a GPU that has not answered. */
const PATIENCE = 2000;
// What one command buffer holds at most. To send a step of 20 dispatches takes 0.05 to 0.2 ms alone and 0.004 in one of
// 64 steps (SwiftShader, 2026-11); more gains nothing, and a GPU that works too long on one buffer is taken away.
const STEPS = 64;
const DISPATCHES = 2000;
const SCOPES = /** @type {const} */ (["validation", "internal", "out-of-memory"]);
const GRACE = 100; // ms from the first sign of a loss to the loss itself
const SPARE = 16 * 2 ** 20; // bytes of a buffer for reading that waits for its next use; larger ones are given back
/** Asked for as much as the adapter has. By default a device gives what every device can. */
const LIMITS = /** @type {const} */ ([
  "maxBufferSize", "maxStorageBufferBindingSize", "maxComputeWorkgroupStorageSize", "maxStorageBuffersPerShaderStage",
  "maxComputeInvocationsPerWorkgroup", "maxComputeWorkgroupSizeX", "maxComputeWorkgroupsPerDimension",
]);
/** As their makers write them. @type {Record<string, string>} */
const MAKERS = { amd: "AMD", apple: "Apple", arm: "Arm", intel: "Intel", nvidia: "NVIDIA", qualcomm: "Qualcomm" };
const PLAYED = /swiftshader|llvmpipe|lavapipe|basic render/i; // a CPU plays the GPU

/**
 * @typedef {import("../js/protocol.js").Gpu["reason"]} Reason why there is no GPU
 * @typedef {{engine?: GpuEngine, reason: Reason, detail?: string}} Opened
 * @typedef {{toJs: () => any}} PythonList
 * @typedef {import("./wasm-host.js").PythonBuffer} PythonBuffer
 * @typedef {"read" | "read_write"} Binding
 * @typedef {{name: string, pipeline: GPUComputePipeline, group: GPUBindGroupLayout}} Pipeline
 * @typedef {[Pipeline, GPUBindGroup, x: number, y: number][]} Sequence
 */

/**
 * Opens the browser's GPU, if there is one that can be used here. Never rejects; how long to wait says `inTime`.
 * @param {{gpu?: GPU, secure: boolean, canSuspend: boolean}} browser
 * @returns {Promise<Opened>}
 */
export async function openGpu({ gpu, secure, canSuspend }) {
  if (!gpu) return { reason: secure ? "none" : "insecure" };
  if (!canSuspend) return { reason: "no-jspi" };
  try {
    const engine = await opened(gpu);
    return engine ? { engine, reason: "" } : { reason: "no-adapter" };
  } catch (error) {
    return { reason: "refused", detail: messageOf(error) };
  }
}

/**
 * What has been opened by then. Where the GPU misbehaves the answer may never come; one that comes too late is unused.
 * @param {Promise<Opened>} opening
 * @param {number} [begun] when it was asked for, by `performance.now()`
 * @returns {Promise<Opened>}
 */
export async function inTime(opening, begun = performance.now(), patience = PATIENCE) {
  let late = false;
  opening.then(({ engine }) => { if (late) engine?.device.destroy(); });
  const first = await Promise.race([opening, pause(Math.max(0, begun + patience - performance.now()))]);
  late = !first;
  return first || { reason: "timeout" };
}

/** With the adapter's limits, or else with those that every device has. @param {GPU} gpu */
async function opened(gpu) {
  for (const most of [true, false]) {
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) return undefined;
    try {
      const requiredLimits = most ? Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])) : {};
      return new GpuEngine(gpu, adapter, await adapter.requestDevice({ label: "pydl", requiredLimits }));
    } catch (error) {
      if (!most) throw error;
    }
  }
  return undefined;
}

export class GpuEngine {
  #gpu;
  /** Groups of buffers, and what is read through them, by the bindings' kinds: shaders of one kind share them. */
  #layouts = /** @type {Map<string, {group: GPUBindGroupLayout, pipeline: GPUPipelineLayout}>} */ (new Map());
  /** What waits now, to be told that the device is gone. @type {Set<(error: Error) => void>} */
  #waiting = new Set();
  /** @type {GPUBuffer[]} */
  #spare = [];
  /** Holds what has been read and not yet been taken. @type {GPUBuffer | undefined} */
  #mapped;
  /** What the device has complained of since the last read. @type {Error | undefined} */
  #complaint;
  /** Why the device is gone; "" while it is there. */
  lost = "";
  /** Bytes in buffers. */
  bytes = 0;

  /** @param {GPU} gpu @param {GPUAdapter} adapter @param {GPUDevice} device */
  constructor(gpu, adapter, device, userAgent = navigator.userAgent) {
    this.#gpu = gpu;
    this.device = device;
    this.limits = device.limits;
    this.name = engineName(userAgent);
    const { name, software } = describe(adapter);
    this.adapter = name;
    this.software = software;
    device.lost.then(({ reason, message }) => {
      this.lost = [reason, message].filter((part) => part && part !== "unknown").join(": ") || "the browser took it";
      this.bytes = 0;
      for (const tell of this.#waiting) tell(failure("lost", this.lost));
    });
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault(); // it is told of, as Python's error
      this.#complain(event.error instanceof GPUOutOfMemoryError ? "memory" : "invalid", event.error);
    });
  }

  /** @param {number} nbytes @param {string} what is being made */
  buffer(nbytes, what) {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    return outcome(this.#allocate(Math.max(4, nbytes), usage, what)); // one without any bytes could not be bound
  }

  /** @param {GPUBuffer} buffer */
  destroy(buffer) {
    if (this.lost) return; // and with it all that it held
    this.bytes -= buffer.size;
    buffer.destroy();
  }

  /** All at the same time. @param {PythonList} shaders name, code, and the kinds of its bindings */
  pipelines(shaders) {
    /** @type {[string, string, Binding[]][]} */
    const all = shaders.toJs();
    return outcome(this.#kept(() => Promise.all(all.map((shader) => this.#pipeline(...shader)))));
  }

  /** @param {Pipeline} pipeline @param {PythonList} buffers @returns {GPUBindGroup} */
  bind({ name, group }, buffers) {
    /** @type {GPUBuffer[]} */
    const all = buffers.toJs();
    const entries = all.map((buffer, binding) => ({ binding, resource: { buffer } }));
    return this.#now(() => this.device.createBindGroup({ label: name, layout: group, entries }));
  }

  /** @param {PythonList} dispatches @returns {Sequence} */
  sequence(dispatches) {
    return dispatches.toJs();
  }

  /** @param {GPUBuffer} buffer @param {number} offset @param {PythonBuffer} array */
  write(buffer, offset, array) {
    const view = array.getBuffer("u8");
    try {
      this.#now(() => this.device.queue.writeBuffer(buffer, offset, view.data));
    } finally {
      view.release();
    }
  }

  /** @param {GPUBuffer} source @param {number} start @param {GPUBuffer} target @param {number} place
   * @param {number} nbytes */
  copy(source, start, target, place, nbytes) {
    this.#now(() => this.#submit((encoder) => encoder.copyBufferToBuffer(source, start, target, place, nbytes)));
  }

  /** @param {Sequence} sequence @param {number} count */
  run(sequence, count) {
    const most = Math.max(1, Math.min(STEPS, Math.floor(DISPATCHES / Math.max(1, sequence.length))));
    this.#now(() => {
      for (let left = count; left > 0; left -= most) {
        this.#submit((encoder) => record(encoder.beginComputePass(), sequence, Math.min(most, left)));
      }
    });
  }

  /** Copies these bytes to where `take` finds them, once all that was run is done.
   * @param {GPUBuffer} buffer @param {number} offset @param {number} nbytes */
  map(buffer, offset, nbytes) {
    return outcome(this.#map(buffer, offset, nbytes));
  }

  /** @param {PythonBuffer} array filled with what was mapped */
  take(array) {
    const view = array.getBuffer("u8");
    try {
      this.#now(() => view.data.set(new Uint8Array(this.#mapped?.getMappedRange(0, view.data.length) ?? [])));
    } finally {
      view.release();
      this.#unmap();
    }
  }

  /** After a loss: the GPU opened anew; undefined where there is none any more. */
  async renewed() {
    return (await inTime(openGpu({ gpu: this.#gpu, secure: true, canSuspend: true }))).engine;
  }

  /** @param {number} size @param {number} usage @param {string} label */
  async #allocate(size, usage, label) {
    const most = this.limits.maxBufferSize;
    if (size > most) throw failure("memory", `a buffer holds ${most} bytes at most`);
    const [buffer, memory, ...others] = await this.#kept(() => {
      for (const scope of SCOPES) this.device.pushErrorScope(scope);
      const made = this.device.createBuffer({ label, size, usage });
      return Promise.all([made, ...SCOPES.map(() => this.device.popErrorScope())]);
    });
    const invalid = others.find(Boolean);
    if (memory) throw failure("memory", messageOf(memory));
    if (invalid) throw failure("invalid", messageOf(invalid));
    this.bytes += size;
    return buffer;
  }

  /** @param {GPUBuffer} buffer @param {number} offset @param {number} nbytes */
  async #map(buffer, offset, nbytes) {
    this.#unmap(); // an interrupt came before it was taken
    const staging = this.#spareOf(nbytes) ?? await this.#allocate(
      nbytes > SPARE ? nbytes : 2 ** Math.ceil(Math.log2(Math.max(256, nbytes))),
      GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST, "a read-back");
    try {
      await this.#kept(() => {
        this.copy(buffer, offset, staging, 0, nbytes);
        return staging.mapAsync(GPUMapMode.READ, 0, nbytes);
      });
      const complaint = this.#complaint;
      this.#complaint = undefined;
      if (complaint) throw complaint;
      this.#mapped = staging;
    } catch (error) {
      this.destroy(staging);
      throw error;
    }
  }

  /** @param {string} name @param {string} code @param {Binding[]} kinds @returns {Promise<Pipeline>} */
  async #pipeline(name, code, kinds) {
    this.device.pushErrorScope("validation");
    const layout = this.#layout(kinds);
    const module = this.device.createShaderModule({ label: name, code });
    const refused = this.device.popErrorScope();
    const making = this.device.createComputePipelineAsync({
      label: name, layout: layout.pipeline, compute: { module, entryPoint: "main" },
    });
    try {
      const [error, pipeline] = await Promise.all([refused, making]);
      if (error) throw error;
      return { name, pipeline, group: layout.group };
    } catch (error) {
      const said = (await module.getCompilationInfo()).messages.filter(({ type }) => type === "error")
        .map(({ lineNum, message }) => `line ${lineNum}: ${message}`).join("; ");
      throw failure("invalid", `${name}: ${said || messageOf(error)}`);
    }
  }

  /** @param {Binding[]} kinds */
  #layout(kinds) {
    const key = kinds.join();
    let layout = this.#layouts.get(key);
    if (!layout) {
      const entries = kinds.map((kind, binding) => {
        /** @type {GPUBufferBindingType} */
        const type = kind === "read_write" ? "storage" : "read-only-storage";
        return { binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } };
      });
      const group = this.device.createBindGroupLayout({ label: key, entries });
      layout = { group, pipeline: this.device.createPipelineLayout({ label: key, bindGroupLayouts: [group] }) };
      this.#layouts.set(key, layout);
    }
    return layout;
  }

  /** @param {(encoder: GPUCommandEncoder) => void} write */
  #submit(write) {
    const encoder = this.device.createCommandEncoder();
    write(encoder);
    this.device.queue.submit([encoder.finish()]);
  }

  /** The smallest buffer for reading that is large enough. @param {number} nbytes */
  #spareOf(nbytes) {
    const at = this.#spare.findIndex(({ size }) => size >= nbytes);
    return at < 0 ? undefined : this.#spare.splice(at, 1)[0];
  }

  #unmap() {
    const staging = this.#mapped;
    if (!staging) return;
    this.#mapped = undefined;
    staging.unmap();
    if (staging.size > SPARE || this.#spare.some(({ size }) => size === staging.size)) this.destroy(staging);
    else this.#spare = [...this.#spare, staging].sort((one, other) => one.size - other.size);
  }

  /** What is not waited for: what the device complains of it is known before a read is done.
   * @template T @param {() => T} work @returns {T} */
  #now(work) {
    if (this.lost) throw failure("lost", this.lost);
    this.device.pushErrorScope("validation");
    try {
      return work();
    } catch (error) {
      throw failure("invalid", messageOf(error));
    } finally {
      this.device.popErrorScope().then((error) => { if (error) this.#complain("invalid", error); }, () => {});
    }
  }

  /** @param {"memory" | "invalid"} kind @param {GPUError} error */
  #complain(kind, error) {
    this.#complaint ??= failure(kind, messageOf(error));
  }

  /** What is waited for, unless the device is gone meanwhile. @template T @param {() => Promise<T>} work */
  async #kept(work) {
    if (this.lost) throw failure("lost", this.lost);
    /** @type {(error: Error) => void} */
    let tell = () => {};
    const gone = new Promise((_, reject) => { tell = reject; });
    this.#waiting.add(tell);
    try {
      return /** @type {T} */ (await Promise.race([work(), gone]));
    } catch (error) {
      if (!this.lost) await Promise.race([this.device.lost, pause(GRACE)]);
      throw this.lost ? failure("lost", this.lost) : named(error);
    } finally {
      this.#waiting.delete(tell);
    }
  }
}

/** @param {GPUComputePassEncoder} pass @param {Sequence} sequence @param {number} count */
function record(pass, sequence, count) {
  let current, bound;
  for (let step = 0; step < count; step++) {
    for (const [{ pipeline }, group, x, y] of sequence) {
      if (pipeline !== current) pass.setPipeline(current = pipeline);
      if (group !== bound) pass.setBindGroup(0, bound = group);
      pass.dispatchWorkgroups(x, y);
    }
  }
  pass.end();
}

/** What a GPU is called, and whether a CPU plays it. @param {GPUAdapter} adapter */
export function describe(adapter) {
  const { vendor = "", architecture = "", device = "", description = "" } = adapter.info ?? {};
  const said = [vendor, architecture, device, description].join(" ");
  const fallback = adapter.info?.isFallbackAdapter ?? /** @type {any} */ (adapter).isFallbackAdapter;
  const parts = [MAKERS[vendor] ?? vendor, architecture, device].filter(Boolean);
  const name = /swiftshader/i.test(said) ? "SwiftShader" : description || parts.join(" ") || "a GPU without a name";
  return { name, software: Boolean(fallback) || PLAYED.test(said) };
}

/** @param {"lost" | "memory" | "invalid"} kind @param {string} message */
function failure(kind, message) {
  return Object.assign(new Error(message), { name: kind });
}

/** @param {unknown} error */
function named(error) {
  const known = error instanceof Error && ["lost", "memory", "invalid"].includes(error.name);
  return known ? error : failure("invalid", messageOf(error));
}

/** What an error says first; what follows leads into the browser. @param {unknown} error */
function messageOf(error) {
  return (/** @type {Error} */ (error).message ?? String(error)).split("\n")[0];
}

/** A promise that is always kept: Python would print of one that is not. @template T @param {Promise<T>} promise */
function outcome(promise) {
  return promise.then((value) => ({ value, error: undefined }), (error) => ({ value: undefined, error }));
}

/** @param {number} ms @returns {Promise<undefined>} */
function pause(ms) {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
}
