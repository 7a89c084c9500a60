/**
 * A lesson's options as texts that a person types, and back: what is accepted, and what is wrong with what is not.
 */

/** @typedef {import("./protocol.js").OptionSpec} OptionSpec */
/** @typedef {import("./i18n.js").TextKey} TextKey */
/** @typedef {number | string | boolean | number[] | null} Value */
/** @typedef {{problem: TextKey, fill: Record<string, string>}} Problem */

const LONGEST = 10_000; // characters, as in Python
const UNPRINTABLE = /[^\P{C}\n\t]|[^\P{Z} ]/u;

/** @param {OptionSpec} spec @returns {string} */
export function defaultText(spec) {
  return valueText(spec.default);
}

/** @param {Value} value */
export function valueText(value) {
  if (value === null) return "";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

/**
 * What a text means for an option.
 * @param {OptionSpec} spec
 * @param {string} text
 * @returns {{value: Value} | Problem}
 */
export function readOption(spec, text) {
  const trimmed = text.trim();
  if (trimmed === "" && spec.optional) return { value: null };
  switch (spec.type) {
    case "int":
      return readNumber(trimmed, /^[+-]?\d+$/, "problem.int", range(spec));
    case "float":
      return readNumber(trimmed, /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i, "problem.float", range(spec));
    case "ints":
      return readList(trimmed, range(spec));
    case "bool":
      return ["true", "false"].includes(trimmed) ? { value: trimmed === "true" }
        : { problem: "problem.bool", fill: {} };
    case "text":
      return text.length <= LONGEST && !UNPRINTABLE.test(text) ? { value: text }
        : { problem: "problem.text", fill: { most: bound(LONGEST) } };
    case "choice":
      return spec.choices.includes(trimmed) ? { value: trimmed }
        : { problem: "problem.choice", fill: { choices: spec.choices.join(", ") } };
  }
}

/** @param {OptionSpec} spec @returns {[number, number]} */
function range({ minimum, maximum }) {
  return [minimum ?? -Infinity, maximum ?? Infinity];
}

/**
 * @param {string} text
 * @param {RegExp} form
 * @param {TextKey} problem for what is no such number at all
 * @param {[number, number]} range
 * @returns {{value: number} | Problem}
 */
function readNumber(text, form, problem, [low, high]) {
  if (!form.test(text)) return { problem, fill: {} };
  const value = Number(text);
  if (value >= low && value <= high) return { value };
  return { problem: "problem.range", fill: { low: bound(low), high: bound(high) } };
}

/** @param {string} text @param {[number, number]} range @returns {{value: number[]} | Problem} */
function readList(text, range) {
  const values = [];
  for (const part of text.split(/\s*,\s*|\s+/)) {
    const read = readNumber(part, /^\d+$/, "problem.ints", range);
    if (!("value" in read)) return read;
    values.push(read.value);
  }
  return { value: values };
}

/** @param {number} value */
function bound(value) {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 10 });
}
