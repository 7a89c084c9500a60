/**
 * Which data a lesson learns from in this site, and how that is said: MNIST's subset, all of MNIST, or drawn digits,
 * never one under another's name.
 */

import { bytes, count } from "./numbers.js";

/** @typedef {import("./protocol.js").LessonSpec} LessonSpec */
/** @typedef {import("./protocol.js").OptionSpec} OptionSpec */
/** @typedef {import("./i18n.js").Texts} Texts */

/**
 * What site.json says.
 * @typedef {object} Site
 * @property {string} version
 * @property {boolean} allow_network
 * @property {{version: string, origin: string, file: string}} numpy
 * @property {string} pyodide
 * @property {{mnist_subset: boolean, mnist: boolean, mnist_authors: string, mnist_licence: string,
 *   bytes: Record<string, number>}} data
 * @property {{name: string, version: string, licence: string, origin: string, homepage: string}[]} components
 *
 * @typedef {{value: string, label: string, off: boolean}} Choice
 */

const SUBSET = 10_000; // training images of the site's MNIST subset
const ALL = 60_000;

/**
 * The options that are a choice here: where there is one data set, or one device, there is nothing to ask. Of devices
 * only those that are here are offered.
 * @param {LessonSpec} lesson
 * @param {string[]} devices
 */
export function fieldsOf({ options }, devices) {
  const many = options.some(({ name, choices }) => name === "dataset" && choices.length > 1);
  const offered = ["auto", ...devices];
  return options
    .filter(({ name }) => (many || !["dataset", "subset"].includes(name)) && (devices.length > 1 || name !== "device"))
    .map((spec) => spec.name === "device"
      ? { ...spec, choices: spec.choices.filter((choice) => offered.includes(choice)) } : spec);
}

/**
 * The choices of an option of which the page knows more than the lesson does.
 * @param {OptionSpec} spec
 * @param {Site} site
 * @param {Texts} texts
 * @returns {Choice[] | undefined}
 */
export function choicesHere({ name, choices, choice_texts: words }, { data }, texts) {
  if (name === "dataset") {
    return choices.map((value) => ({
      value,
      label: words[value] ? texts.of(words[value]) : datasetName(value, texts),
      off: value === "mnist" && !data.mnist && !data.mnist_subset,
    }));
  }
  if (name !== "subset") return undefined;
  return [
    { value: String(SUBSET), label: texts.t("subset.part", sizes(SUBSET, data.bytes.mnist_subset)),
      off: !data.mnist_subset },
    { value: "0", label: texts.t("subset.all", sizes(ALL, data.bytes.mnist)), off: !data.mnist },
  ];
}

/**
 * Why a data set that the lesson knows cannot be had here.
 * @param {OptionSpec} spec
 * @param {Site} site
 * @param {Texts} texts
 */
export function datasetNote({ name }, { data }, texts) {
  return name === "dataset" && !data.mnist && !data.mnist_subset ? texts.t("dataset.no-mnist") : "";
}

/**
 * What a run learns from, in words; nothing where there is no choice.
 * @param {LessonSpec} lesson
 * @param {Record<string, unknown>} options as given; what is missing has its default
 * @param {Texts} texts
 */
export function sourceOf(lesson, options, texts) {
  const spec = lesson.options.find(({ name }) => name === "dataset");
  if (!spec || spec.choices.length < 2) return "";
  const dataset = options.dataset ?? spec.default;
  const train = Number(options.subset ?? SUBSET) || ALL;
  const fill = { train: count(train), test: count(dataset === "mnist" && train === ALL ? 10_000 : train / 5) };
  if (dataset === "drawn_digits") return texts.t("source.drawn", fill);
  if (dataset !== "mnist") return "";
  return texts.t(train === ALL ? "source.mnist" : "source.subset", fill);
}

/** @param {string} dataset @param {Texts} texts */
function datasetName(dataset, texts) {
  if (dataset === "mnist") return texts.t("dataset.mnist");
  return dataset === "drawn_digits" ? texts.t("dataset.drawn") : dataset;
}

/** @param {number} train @param {number | undefined} size */
function sizes(train, size) {
  return { train: count(train), size: bytes(size ?? 0) };
}
