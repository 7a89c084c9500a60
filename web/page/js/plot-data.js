/**
 * The numbers of a plot as they arrive, made ready for drawing.
 */

/** @typedef {import("./curves.js").Column} Column */

/**
 * A column of points for each line, in ascending order of `x`; what cannot be drawn is a gap.
 * @param {ArrayLike<number>} x
 * @param {ArrayLike<number>} values line by line
 * @param {number} count of lines
 * @param {boolean} log
 * @returns {{x: number[], values: Column[]}}
 */
export function columnsOf(x, values, count, log) {
  const order = Array.from(x, (_, at) => at).filter((at) => Number.isFinite(x[at]));
  if (order.some((at, place) => place > 0 && x[at] < x[order[place - 1]])) order.sort((a, b) => x[a] - x[b]);
  const drawable = (/** @type {number} */ value) => Number.isFinite(value) && (!log || value > 0);
  return {
    x: order.map((at) => x[at]),
    values: Array.from({ length: count }, (_, line) => order.map((at) => {
      const value = values[line * x.length + at];
      return drawable(value) ? value : null;
    })),
  };
}
