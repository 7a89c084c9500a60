/**
 * The choices that every page offers in its bar: the language, and light or dark.
 */

import { byId } from "./dom.js";

/** @param {import("./i18n.js").Texts} texts @param {import("./state.js").State} state */
export function prepareChoices(texts, state) {
  const language = byId("language", HTMLSelectElement);
  language.value = texts.language;
  language.addEventListener("change", () => {
    const chosen = /** @type {import("./i18n.js").Language} */ (language.value);
    state.set("language", chosen);
    texts.use(chosen);
  });
  const theme = byId("theme", HTMLSelectElement);
  theme.value = state.get("theme");
  theme.addEventListener("change", () => {
    state.set("theme", /** @type {"" | "light" | "dark"} */ (theme.value));
    if (theme.value) document.documentElement.dataset.theme = theme.value;
    else delete document.documentElement.dataset.theme;
  });
  for (const select of [language, theme]) select.disabled = false;
}
