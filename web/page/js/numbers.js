/**
 * Numbers as a person reads them. Digits and units only, so that they need no translation.
 */

const DASH = "–";

/**
 * A cost: four decimals, two of a large one, or two digits and a power of ten where those would say little.
 * @param {number | null | undefined} value
 */
export function cost(value) {
  if (!isNumber(value)) return DASH;
  const size = Math.abs(value);
  if (value !== 0 && (size >= 1e5 || size < 1e-3)) return value.toExponential(1).replace("e+", "e");
  return String(Number(value.toFixed(size >= 100 ? 2 : 4)));
}

/**
 * Any number: whole ones in full, others with four decimals, or three digits and a power of ten where those say little.
 * @param {number | null | undefined} value
 */
export function number(value) {
  if (!isNumber(value)) return DASH;
  const size = Math.abs(value);
  if (size >= 1e7 || (value !== 0 && size < 1e-3)) return value.toExponential(2).replace(/\.?0*e\+?/, "e");
  return Number(value.toFixed(4)).toLocaleString("en-US", { maximumFractionDigits: 4 });
}

/**
 * A share of one, in percent; all is all, without decimals.
 * @param {number | null | undefined} value
 * @param {number} [digits]
 */
export function percent(value, digits = 1) {
  if (!isNumber(value)) return DASH;
  return value === 1 ? "100%" : `${(100 * value).toFixed(digits)}%`;
}

/** @param {number | null | undefined} value */
export function count(value) {
  return isNumber(value) ? Math.round(value).toLocaleString("en-US") : DASH;
}

/** Steps a second and the like: three digits, two of a small one. @param {number | null | undefined} value */
export function rate(value) {
  if (!isNumber(value)) return DASH;
  if (value > 0 && value < 0.1) return String(Number(value.toPrecision(2)));
  return value >= 100 ? count(value) : value.toFixed(value >= 10 ? 1 : 2);
}

/** A short time: two digits, whole ones from ten on. @param {number | null | undefined} value in milliseconds */
export function milliseconds(value) {
  return isNumber(value) ? String(value >= 10 ? Math.round(value) : Number(value.toPrecision(2))) : DASH;
}

/** @param {number | null | undefined} value in seconds */
export function duration(value) {
  if (!isNumber(value)) return DASH;
  if (value < 60) return `${value.toFixed(value < 1 ? 2 : 1)} s`;
  const seconds = Math.round(value);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** @param {number} value in bytes */
export function bytes(value) {
  return value >= 1e6 ? `${(value / 1e6).toFixed(1)} MB` : `${Math.ceil(value / 1e3)} kB`;
}

/** @param {number | null | undefined} value @returns {value is number} */
function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}
