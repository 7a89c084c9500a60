/**
 * A JSON file of the site, or an error that names it.
 */

/** @param {URL | string} url @returns {Promise<any>} */
export async function fetchJson(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${answer.statusText}`);
  return answer.json();
}
