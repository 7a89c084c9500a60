/**
 * The networks that a history tells of: a lesson that trains several of them puts a name before what belongs to all but
 * the main one, as in "softmax_val_accuracy".
 */

export const MEASURES = /** @type {const} */ (["loss", "accuracy"]);

const NAME = /^(?:(.+?)_)??(val_)?(loss|accuracy)$/; // as little as can be is a network's name: "val" is none

/** @typedef {{name: string, network: string, validated: boolean, measure: "loss" | "accuracy"}} Name */

/**
 * What a name in a history says; null where it is none of ours.
 * @param {string} name
 * @returns {Name | null} `network` is "" for the main one
 */
export function readName(name) {
  const found = NAME.exec(name);
  if (!found) return null;
  const [, network = "", validated, measure] = found;
  return { name, network, validated: Boolean(validated), measure: /** @type {Name["measure"]} */ (measure) };
}

/**
 * The names of a history that we know, network by network, the main one first; of each the loss before the accuracy.
 * Its twin, which only repeats its numbers, is left out.
 * @param {Record<string, readonly unknown[]>} history
 */
export function columnsOf(history) {
  const read = Object.keys(history).flatMap((name) => readName(name) ?? []).filter(({ network }) =>
    !network || !isTwin(history, network));
  const networks = ["", ...new Set(read.map(({ network }) => network))];
  const place = (/** @type {Name} */ { network, measure, validated }) =>
    4 * networks.indexOf(network) + 2 * MEASURES.indexOf(measure) + Number(validated);
  return read.sort((one, other) => place(one) - place(other));
}

/**
 * What to show beside the main network: of each other one its validation, or its training where it has none. A network
 * all of whose numbers are the main one's is that one: its twin gives it its name.
 * @param {Record<string, readonly (number | null)[]>} columns of a history
 * @param {"loss" | "accuracy"} measure
 * @returns {{twin: string, others: Name[]}}
 */
export function comparison(columns, measure) {
  /** @type {Map<string, Name>} */
  const lines = new Map();
  for (const name of Object.keys(columns)) {
    const read = readName(name);
    if (!read || !read.network || read.measure !== measure) continue;
    if (read.validated || !lines.has(read.network)) lines.set(read.network, read);
  }
  const all = [...lines.values()];
  const twin = all.find(({ network }) => isTwin(columns, network));
  return { twin: twin?.network ?? "", others: all.filter((line) => line !== twin) };
}

/** Whether a network's numbers are the main one's, all of them: a measure alone can agree by chance or by design.
 * @param {Record<string, readonly unknown[]>} history @param {string} network */
function isTwin(history, network) {
  const own = Object.keys(history).flatMap((name) => readName(name) ?? []).filter((name) => name.network === network);
  return own.every((name) => alike(history[name.name], history[mainName(name)]));
}

/** What the main network calls a measure. @param {Pick<Name, "validated" | "measure">} name */
function mainName({ validated, measure }) {
  return validated ? `val_${measure}` : measure;
}

/** @param {readonly unknown[]} one @param {readonly unknown[] | undefined} other */
function alike(one, other) {
  return one.length === other?.length && one.every((value, at) => value === other[at]);
}
