/**
 * The points of a run's curves: series that share one axis, in epochs, and a thinned view of them for drawing.
 */

import { extent } from "./axes.js";

/** @typedef {(number | null)[]} Column */

export class Curves {
  /** @type {number[]} */
  x = [];
  /** @type {Record<string, Column>} */
  columns;

  /** @param {readonly string[]} names */
  constructor(names) {
    this.columns = Object.fromEntries(names.map((name) => [name, []]));
  }

  /**
   * Adds a point of one or more series; `x` never goes back.
   * @param {number} x
   * @param {Record<string, number | null | undefined>} values
   */
  add(x, values) {
    if (x !== this.x.at(-1)) {
      this.x.push(x);
      for (const column of Object.values(this.columns)) column.push(null);
    }
    for (const [name, column] of Object.entries(this.columns)) {
      const value = values[name];
      if (value !== undefined) column[column.length - 1] = value;
    }
  }

  /** Whether a series has any points. @param {string} name */
  has(name) {
    return this.columns[name]?.some((value) => value !== null) ?? false;
  }

  /** The smallest and the largest value of some series that have any. @param {readonly string[]} names */
  extent(names) {
    return extent(names.map((name) => this.columns[name])) ?? [0, 1];
  }
}

/**
 * The curves of a whole history, a point for each epoch.
 * @param {import("./protocol.js").History} history
 */
export function curvesOf(history) {
  const curves = new Curves(Object.keys(history));
  const epochs = Math.max(0, ...Object.values(history).map(({ length }) => length));
  curves.x = Array.from({ length: epochs }, (_, at) => at + 1);
  for (const [name, values] of Object.entries(history)) {
    curves.columns[name] = curves.x.map((_, at) => values[at] ?? null);
  }
  return curves;
}

/**
 * Columns over `x` with at most about `limit` points each, extremes kept: [x, first column, ...].
 * @param {number[]} x
 * @param {Column[]} columns
 * @param {number} limit
 * @param {boolean} [bridged] gaps need not be seen
 * @returns {[number[], ...Column[]]}
 */
export function thinned(x, columns, limit, bridged = false) {
  if (x.length <= limit) return [x, ...columns];
  const places = columns.flatMap((column) => [...extremes(column, limit), ...(bridged ? [] : gaps(column))]);
  const kept = [...new Set(places)].sort((a, b) => a - b);
  return [kept.map((index) => x[index]), ...columns.map((column) => kept.map((index) => column[index]))];
}

/**
 * The places of about `limit` values: the smallest and the largest of every stretch, the first and the last.
 * @param {Column} values
 * @param {number} limit
 */
export function extremes(values, limit) {
  const present = [];
  for (let index = 0; index < values.length; index++) if (values[index] !== null) present.push(index);
  if (present.length <= limit) return present;
  const kept = [present[0]];
  const stretches = Math.max(1, Math.floor(limit / 2) - 1);
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((stretch * present.length) / stretches);
    const to = Math.floor(((stretch + 1) * present.length) / stretches);
    let low = present[from], high = present[from];
    for (let at = from; at < to; at++) {
      const value = Number(values[present[at]]);
      if (value < Number(values[low])) low = present[at];
      if (value > Number(values[high])) high = present[at];
    }
    kept.push(low, high);
  }
  kept.push(present[present.length - 1]);
  return kept;
}

/** Where gaps begin. @param {Column} values */
function gaps(values) {
  return values.flatMap((value, at) => (value === null && at > 0 && values[at - 1] !== null ? [at] : []));
}

/**
 * At most `most` places below `length`, evenly spread, the first and the last among them.
 * @param {number} length
 * @param {number} most
 */
export function spread(length, most) {
  const rows = Math.min(length, most);
  return Array.from({ length: rows }, (_, row) => (rows === 1 ? 0 : Math.round((row * (length - 1)) / (rows - 1))));
}
