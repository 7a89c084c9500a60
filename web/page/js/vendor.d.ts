// What the page takes from libraries served as they stand: their own types where they carry some, and of Pyodide the
// few names that the worker uses. Read by the type checker only.

// WebGPU's constants, which TypeScript's own description of the browser leaves out.
declare const GPUBufferUsage: Record<"STORAGE" | "COPY_SRC" | "COPY_DST" | "MAP_READ", number>;
declare const GPUMapMode: { READ: number };
declare const GPUShaderStage: { COMPUTE: number };

declare module "*/vendor/uplot/uPlot.esm.js" {
  import uPlot from "uplot";
  export default uPlot;
}

declare module "*/vendor/comlink/comlink.mjs" {
  export * from "comlink";
}

declare module "*/pyodide/pyodide.mjs" {
  /** A Python callable; `callPromising` lets it suspend where the browser has JSPI. */
  export interface PyCallable {
    (...args: unknown[]): any;
    callPromising(...args: unknown[]): Promise<any>;
  }
  /** A Python object: each of its methods by name. */
  export type PyProxy = Record<string, PyCallable>;
  export interface Pyodide {
    version: string;
    FS: { writeFile(path: string, data: Uint8Array): void };
    loadPackage(names: string[], options: {
      messageCallback?: (message: string) => void;
      errorCallback?: (message: string) => void;
    }): Promise<unknown[]>;
    pyimport(name: string): any;
    setInterruptBuffer(buffer: Uint8Array): void;
    ffi: { PythonError: new (...args: any[]) => Error };
    /** Private: looked at with care (wasm-host.js). */
    _module?: { memory?: unknown };
  }
  export function loadPyodide(options: {
    indexURL: string;
    lockFileURL: string;
    packageBaseUrl: string;
  }): Promise<Pyodide>;
}
