/**
 * What the page remembers of a learner's choices: one table, kept by the browser from visit to visit.
 *
 * Whatever the browser kept is checked against the table, so that an old or damaged entry is dropped alone.
 */

export const KEY = "pydl"; // early.js reads it too, before the first paint

/**
 * @typedef {object} PageState
 * @property {"" | "en" | "ko"} language "" follows the browser
 * @property {"" | "light" | "dark"} theme "" follows the system
 * @property {string} lesson
 * @property {Record<string, Record<string, string>>} options changed options by lesson and name, as typed
 */

/** @type {{[Name in keyof PageState]: {default: PageState[Name], valid: (value: any) => boolean}}} */
const TABLE = {
  language: { default: "", valid: (value) => ["", "en", "ko"].includes(value) },
  theme: { default: "", valid: (value) => ["", "light", "dark"].includes(value) },
  lesson: { default: "xor", valid: (value) => typeof value === "string" },
  options: { default: {}, valid: isOptions },
};

export class State {
  #storage;
  /** @type {PageState} */
  #values;

  /** @param {Pick<Storage, "getItem" | "setItem">} [storage] */
  constructor(storage) {
    this.#storage = storage;
    const kept = read(storage);
    this.#values = /** @type {any} */ (Object.fromEntries(Object.entries(TABLE).map(([name, entry]) =>
      [name, entry.valid(kept[name]) ? kept[name] : structuredClone(entry.default)])));
  }

  /** @template {keyof PageState} Name @param {Name} name @returns {PageState[Name]} */
  get(name) {
    return this.#values[name];
  }

  /** @template {keyof PageState} Name @param {Name} name @param {PageState[Name]} value */
  set(name, value) {
    this.#values[name] = value;
    try {
      this.#storage?.setItem(KEY, JSON.stringify(this.#values));
    } catch {
      // full, or not allowed to keep anything: the choice holds until the page is left
    }
  }
}

/** The browser's storage, where it lets us have it. */
export function browserStorage() {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}

/** @param {Pick<Storage, "getItem">} [storage] @returns {Record<string, any>} */
function read(storage) {
  try {
    const kept = JSON.parse(storage?.getItem(KEY) ?? "{}");
    return typeof kept === "object" && kept !== null ? kept : {};
  } catch {
    return {};
  }
}

/** @param {any} value */
function isOptions(value) {
  return isPlain(value) && Object.values(value).every((lesson) =>
    isPlain(lesson) && Object.values(lesson).every((text) => typeof text === "string"));
}

/** @param {any} value */
function isPlain(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
