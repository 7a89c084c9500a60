/**
 * Counts the bytes that Pyodide fetches, so that the page can say how far loading is.
 *
 * `fetch` is replaced for as long as the boot takes: bodies run through a counting stream, which WebAssembly still
 * compiles while it comes in. A package is asked for with its hash, and a body that the browser is to check can not be
 * watched: such a file is counted as it comes, then checked here.
 *
 * Pyodide waits for ever for a WebAssembly module that is missing or broken; `failed` rejects instead.
 */

const REPORT_GAP = 100; // ms between two reports

/** @typedef {{what: string, loaded: number, total?: number}} Progress */

/** @param {(progress: Progress) => void} report */
export function countDownloads(report) {
  const native = self.fetch;
  const nativeInstantiate = WebAssembly.instantiateStreaming;
  /** @type {(error: Error) => void} */
  let fail = () => {};
  /** @type {Promise<never>} */
  const failed = new Promise((_, reject) => { fail = reject; });
  failed.catch(() => {});
  let what = "", loaded = 0, total = 0, known = true, reported = 0;

  function tell(always = false) {
    if (!always && performance.now() - reported < REPORT_GAP) return;
    reported = performance.now();
    report(known && total ? { what, loaded, total } : { what, loaded });
  }

  /** @param {Response} response */
  function counted(response) {
    if (!response.ok) fail(new Error(`${response.url}: ${response.status} ${response.statusText}`));
    if (!response.ok || !response.body) return response;
    const length = Number(response.headers.get("Content-Length"));
    if (length && !response.headers.has("Content-Encoding")) total += length;
    else known = false;
    const counter = new TransformStream({
      transform(chunk, controller) {
        loaded += chunk.length;
        tell();
        controller.enqueue(chunk);
      },
      flush: () => tell(true),
    });
    return new Response(response.body.pipeThrough(counter), { status: response.status, headers: response.headers });
  }

  /** @type {typeof fetch} */
  const counting = async (resource, options) => {
    if (!options?.integrity) return counted(await native(resource, options));
    // Without a secure context there is nothing to check with, so the browser fetches and checks it alone.
    if (!self.crypto?.subtle) return native(resource, options);
    const { integrity, ...rest } = options;
    const response = counted(await native(resource, rest));
    if (!response.ok) return response;
    const body = await response.arrayBuffer();
    if (await sha256(body) !== integrity) {
      throw new TypeError(`${resource} is not the file that the site's lock names: its SHA-256 differs`);
    }
    return new Response(body, { status: response.status, headers: response.headers });
  };
  self.fetch = counting;
  WebAssembly.instantiateStreaming = async (source, imports) => {
    try {
      return await nativeInstantiate(source, imports);
    } catch (error) {
      fail(new Error(`pyodide.asm.wasm: ${/** @type {Error} */ (error).message}`));
      throw error;
    }
  };

  return {
    failed,
    /** From here on, what is fetched belongs to this stage. @param {string} name */
    next(name) {
      [what, loaded, total, known] = [name, 0, 0, true];
      tell(true);
    },
    end() {
      self.fetch = native;
      WebAssembly.instantiateStreaming = nativeInstantiate;
    },
  };
}

/** In the form of an `integrity` attribute. @param {ArrayBuffer} bytes */
async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `sha256-${btoa(String.fromCharCode(...digest))}`;
}
