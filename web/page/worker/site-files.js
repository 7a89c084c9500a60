/**
 * The site's data sets, for `pydl.data`. Lessons are ordinary synchronous Python, so a file is fetched with a
 * synchronous request, which a worker may make. Sets that the site does not carry are not asked for.
 */

/**
 * @param {URL} site
 * @param {{mnist: boolean, mnist_subset: boolean}} data what site.json says of the data sets
 * @returns {(path: string) => Uint8Array | undefined} a path is below the site's data folder
 */
export function siteFiles(site, data) {
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
