/**
 * The site's data sets, for `pydl.data`. Lessons are ordinary synchronous Python, so a file is fetched with a
 * synchronous request, which a worker may make. Sets that the site does not carry are not asked for.
 */

import { fetchJson } from "../js/fetch-json.js";

/**
 * @param {URL} site
 * @returns {Promise<(path: string) => Uint8Array | undefined>} a path is below the site's data folder
 */
export async function siteFiles(site) {
  const { data } = await fetchJson(new URL("site.json", site));
  const present = /** @type {Record<string, boolean>} */ ({ "mnist": data.mnist, "mnist-subset": data.mnist_subset });
  return (path) => {
    if (!present[path.split("/")[0]]) return undefined;
    const request = new XMLHttpRequest();
    request.open("GET", new URL(`data/${path}`, site), false);
    request.responseType = "arraybuffer";
    request.send();
    return request.status === 200 ? new Uint8Array(request.response) : undefined;
  };
}
