/**
 * The page's words in the learner's language. Keys are the same in every language; the type checker knows them all.
 */

import { fetchJson } from "./fetch-json.js";

/** @typedef {keyof typeof import("../texts/en.json")} TextKey */
/** @typedef {"en" | "ko"} Language */

/** @type {readonly Language[]} */
export const LANGUAGES = ["en", "ko"];

export class Texts {
  /** @type {Language} */
  language = "en";
  /** @type {Partial<Record<Language, Record<string, string>>>} */
  #tables = {};
  /** @type {Set<() => void>} */
  #listeners = new Set();

  /**
   * Brings a language's texts, then tells every listener.
   * @param {Language} language
   */
  async use(language) {
    this.#tables[language] ??= await fetchJson(new URL(`../texts/${language}.json`, import.meta.url));
    this.language = language;
    document.documentElement.lang = language;
    for (const element of document.querySelectorAll("[data-text]")) {
      element.textContent = this.t(/** @type {TextKey} */ (element.getAttribute("data-text")));
    }
    for (const element of document.querySelectorAll("[data-label]")) {
      element.setAttribute("aria-label", this.t(/** @type {TextKey} */ (element.getAttribute("data-label"))));
    }
    for (const listener of this.#listeners) listener();
  }

  /** @param {() => void} listener */
  onChange(listener) {
    this.#listeners.add(listener);
  }

  /**
   * The text of a key, with `{name}` filled in.
   * @type {(key: TextKey, fill?: Record<string, string | number>) => string}
   */
  t = (key, fill = {}) => {
    const text = this.#tables[this.language]?.[key];
    if (text === undefined) throw new Error(`no text "${key}" in ${this.language}`);
    return text.replace(/\{(\w+)\}/g, (_, name) => String(fill[name]));
  };

  /** A lesson's own text. @param {import("./protocol.js").Bilingual} text */
  of(text) {
    return text[this.language];
  }
}

/** The first of the browser's languages that we speak. @param {readonly string[]} languages @returns {Language} */
export function preferredLanguage(languages) {
  const spoken = languages.map((tag) => tag.toLowerCase().split("-")[0]);
  const first = spoken.find((tag) => LANGUAGES.some((language) => language === tag));
  return first === "ko" ? "ko" : "en";
}
