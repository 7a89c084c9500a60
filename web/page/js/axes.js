/**
 * Axes as numbers: where they begin and end, and where a logarithmic one has its marks.
 */

/** @typedef {[low: number, high: number]} Range */

const MARGIN = 0.06; // of an axis beyond its data

/**
 * A linear axis around data: from zero where the data comes near it, with some air else.
 * @param {number} low
 * @param {number} high
 * @returns {Range}
 */
export function linearRange(low, high) {
  if (!(high > low)) return low === 0 ? [0, 1] : [low - Math.abs(low) / 2, low + Math.abs(low) / 2];
  const air = MARGIN * (high - low);
  const near = 0.4 * (high - low);
  return [low >= 0 && low < near ? 0 : low - air, high <= 0 && -high < near ? 0 : high + air];
}

/** A range with air on both sides: points at its ends are seen whole. @param {Range} range @returns {Range} */
export function widened([low, high]) {
  const air = MARGIN * (high - low);
  return [low - air, high + air];
}

/** A logarithmic axis: whole powers of ten. @param {number} low @param {number} high @returns {Range} */
export function logRange(low, high) {
  const from = Math.floor(Math.log10(low) + 1e-9), to = Math.ceil(Math.log10(high) - 1e-9);
  return [10 ** from, 10 ** Math.max(to, from + 1)];
}

/** Marks of a logarithmic axis: at most about `most` powers of ten. @param {Range} range @param {number} most */
export function powersOfTen([low, high], most) {
  const from = Math.round(Math.log10(low)), to = Math.round(Math.log10(high));
  const stride = Math.max(1, Math.ceil((to - from) / most));
  const marks = [];
  for (let power = from; power <= to; power += stride) marks.push(Number(`1e${power}`));
  return marks;
}

/**
 * The smallest and the largest of some numbers; null where there are none.
 * @param {Iterable<(number | null)[]>} columns
 * @returns {Range | null}
 */
export function extent(columns) {
  let low = Infinity, high = -Infinity;
  for (const column of columns) {
    for (const value of column) {
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : null;
}
