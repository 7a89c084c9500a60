/**
 * A lesson's options as labelled fields: made from the lesson's own description, checked as one types.
 *
 * Changed options are kept per lesson, so that a reload finds them again; what equals its default is not kept.
 */

import { h } from "./dom.js";
import { defaultText, readOption } from "./options.js";
import { choicesHere, datasetNote, fieldsOf } from "./datasets.js";

/** @typedef {import("./protocol.js").LessonSpec} LessonSpec */
/** @typedef {import("./protocol.js").OptionSpec} OptionSpec */
/** @typedef {import("./options.js").Value} Value */
/** @typedef {import("./datasets.js").Site} Site */

/**
 * @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Input
 *
 * @typedef {object} Field
 * @property {OptionSpec} spec
 * @property {HTMLElement} row
 * @property {Input} input
 * @property {HTMLElement} problem
 * @property {boolean} noted
 */

/** What a phone's keyboard should offer. @type {Partial<Record<OptionSpec["type"], string>>} */
const KEYBOARDS = { int: "numeric", float: "decimal" };
const LONG = 15; // letters that fit into half of the panel

export class Controls {
  #grid;
  #help;
  #texts;
  #state;
  /** @type {Site} */
  #site;
  /** @type {string[]} */
  #devices = [];
  /** @type {LessonSpec | null} */
  #lesson = null;
  /** @type {Field[]} */
  #fields = [];

  /**
   * @param {HTMLElement} grid
   * @param {HTMLElement} help shows what the option under the pointer means
   * @param {import("./i18n.js").Texts} texts
   * @param {import("./state.js").State} state
   * @param {Site} site
   */
  constructor(grid, help, texts, state, site) {
    this.#grid = grid;
    this.#help = help;
    this.#texts = texts;
    this.#state = state;
    this.#site = site;
  }

  /** @param {LessonSpec} lesson @param {string[]} devices */
  show(lesson, devices) {
    this.#lesson = lesson;
    this.#devices = devices;
    const kept = this.#state.get("options")[lesson.name] ?? {};
    this.#fields = fieldsOf(lesson, devices).map((spec) => this.#field(spec, kept[spec.name] ?? this.#default(spec)));
    this.#fields.sort((one, other) => Number(other.noted) - Number(one.noted)); // what has a note comes first
    this.#grid.replaceChildren(...this.#fields.map(({ row }) => row));
    leaveNoHoles(this.#fields.map(({ row }) => row));
    this.#help.textContent = this.#texts.t("options.help");
    this.#check();
  }

  /** Every option back to its default. */
  reset() {
    if (!this.#lesson) return;
    this.#keep({});
    this.show(this.#lesson, this.#devices);
  }

  /** What to run with; null, and the first wrong field in focus, where something is wrong. */
  read() {
    const wrong = this.#check();
    if (wrong) {
      wrong.input.focus();
      return null;
    }
    /** @type {Record<string, Value>} */
    const options = {};
    for (const { spec, input, row } of this.#fields) {
      const read = readOption(spec, textOf(input));
      if (!row.hidden && "value" in read) options[spec.name] = read.value;
    }
    return options;
  }

  /** @param {OptionSpec} spec */
  #choices(spec) {
    return choicesHere(spec, this.#site, this.#texts)
      ?? spec.choices.map((value) => ({ value, label: this.#choiceText(spec, value), off: false }));
  }

  /** @param {OptionSpec} spec @param {string} choice */
  #choiceText({ choice_texts: words }, choice) {
    return words[choice] ? this.#texts.of(words[choice]) : choice;
  }

  /** The lesson's default, or what can be had in its place here. @param {OptionSpec} spec */
  #default(spec) {
    const wanted = defaultText(spec);
    const offered = this.#choices(spec).filter(({ off }) => !off);
    return offered.some(({ value }) => value === wanted) ? wanted : offered[0]?.value ?? wanted;
  }

  /** @param {OptionSpec} spec @param {string} text @returns {Field} */
  #field(spec, text) {
    const id = `option-${spec.name}`;
    const label = this.#texts.of(spec.label), help = this.#texts.of(spec.help);
    const choices = this.#choices(spec);
    const input = this.#input(spec, choices);
    const gone = choices.length && !choices.some(({ value, off }) => value === text && !off);
    setText(input, gone ? this.#default(spec) : text);
    const problem = h("p", { class: "option-problem", id: `${id}-problem` });
    const note = datasetNote(spec, this.#site, this.#texts);
    const showHelp = () => { this.#help.textContent = `${label}: ${help}`; };
    const named = h("label", { class: "option-label", for: id }, label);
    const shown = choices.length ? choices.map((choice) => choice.label) : [this.#default(spec)];
    const wide = note || spec.type === "text" || isLong(shown);
    const row = h("div", { class: wide ? "option wide" : "option", mouseenter: showHelp, focusin: showHelp },
      ...(spec.type === "bool" ? [h("div", { class: "option-check" }, input, named)]
        : [named, spec.name === "seed" ? h("div", { class: "option-row" }, input, this.#dice(input)) : input]),
      h("span", { class: "sr-only", id: `${id}-help` }, help),
      note && h("p", { class: "option-note" }, note),
      problem);
    return { spec, row, input, problem, noted: Boolean(note) };
  }

  /** @param {OptionSpec} spec @param {import("./datasets.js").Choice[]} choices @returns {Input} */
  #input(spec, choices) {
    const id = `option-${spec.name}`;
    const shared = {
      "id": id, "class": "field", "data-option": spec.name,
      "aria-describedby": `${id}-help ${id}-problem`, "input": () => this.#changed(), "change": () => this.#changed(),
    };
    if (choices.length) {
      return h("select", shared,
        ...choices.map(({ value, label, off }) => h("option", { value, disabled: off }, label)));
    }
    if (spec.type === "bool") return h("input", { ...shared, class: "check", type: "checkbox" });
    const empty = spec.optional ? this.#texts.t("option.empty") : null;
    const typed = { ...shared, autocomplete: "off", spellcheck: "false", placeholder: empty };
    if (spec.type === "text" && defaultText(spec).includes("\n")) return h("textarea", { ...typed, rows: 6 });
    return h("input", { ...typed, type: "text", inputmode: KEYBOARDS[spec.type] ?? "text" });
  }

  /** A button for another seed. @param {Input} input */
  #dice(input) {
    return h("button", { "class": "button", "type": "button", "aria-label": this.#texts.t("seed.another"),
      "title": this.#texts.t("seed.another"), "click": () => {
        input.value = String(crypto.getRandomValues(new Uint16Array(1))[0]);
        this.#changed();
      } }, "⚄");
  }

  #changed() {
    this.#check();
    const kept = this.#fields.filter(({ spec, input }) =>
      textOf(input) !== this.#default(spec) && "value" in readOption(spec, textOf(input)));
    this.#keep(Object.fromEntries(kept.map(({ spec, input }) => [spec.name, textOf(input)])));
  }

  /** @param {Record<string, string>} options */
  #keep(options) {
    if (this.#lesson) this.#state.set("options", { ...this.#state.get("options"), [this.#lesson.name]: options });
  }

  /** Marks what is wrong; the first wrong field. */
  #check() {
    const dataset = this.#fields.find(({ spec }) => spec.name === "dataset")?.input.value;
    /** @type {Field | null} */
    let first = null;
    for (const field of this.#fields) {
      field.row.hidden = field.spec.name === "subset" && dataset !== "mnist";
      const read = readOption(field.spec, textOf(field.input));
      const wrong = "problem" in read && !field.row.hidden;
      field.input.setAttribute("aria-invalid", String(wrong));
      field.problem.textContent = wrong ? this.#texts.t(read.problem, read.fill) : "";
      if (wrong) first ??= field;
    }
    return first;
  }
}

/** A row that stands alone before a wide one, or at the end, takes the whole width too. @param {HTMLElement[]} rows two to a line */
function leaveNoHoles(rows) {
  /** @type {HTMLElement | null} */
  let alone = null;
  for (const row of rows) {
    const wide = row.classList.contains("wide");
    if (wide) alone?.classList.add("wide");
    alone = wide || alone ? null : row;
  }
  alone?.classList.add("wide");
}

/** Whether half of the panel would cut one of these texts, other than in brackets at its end.
 * @param {string[]} texts */
function isLong(texts) {
  return texts.map((text) => text.replace(/ \(.*\)$/, "")).some((text) =>
    text.length + (text.match(/\p{Script=Hangul}/gu)?.length ?? 0) > LONG); // Hangul is twice as wide as Latin
}

/** What a field says, as text. @param {Input} input */
function textOf(input) {
  return input.type === "checkbox" ? String(/** @type {HTMLInputElement} */ (input).checked) : input.value;
}

/** @param {Input} input @param {string} text */
function setText(input, text) {
  if (input.type === "checkbox") /** @type {HTMLInputElement} */ (input).checked = text === "true";
  else input.value = text;
}
