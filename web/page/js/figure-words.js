/**
 * The words of a lesson's picture in the learner's language, from the lesson's own texts.
 */

/** @typedef {import("./protocol.js").FigureWords} FigureWords */
/** @typedef {import("./protocol.js").LessonSpec} LessonSpec */

/**
 * @param {LessonSpec | null} lesson
 * @param {string} key of the picture: "digits", "plot:cost"
 * @returns {FigureWords}
 */
export function wordsOf(lesson, key) {
  const texts = lesson?.figure_texts;
  return texts?.[key] ?? texts?.[nameOf(key)] ?? {};
}

/**
 * What a lesson calls something in any of its pictures, or among its options: a network, whose curves the charts of the
 * training show too.
 * @param {LessonSpec | null} lesson
 * @param {string} key
 */
export function anyWord(lesson, key) {
  const words = Object.values(lesson?.figure_texts ?? {}).map(({ lines, cells }) => lines?.[key] ?? cells?.[key]);
  const choices = (lesson?.options ?? []).map(({ choice_texts: choice }) => choice[key]);
  return [...words, ...choices].find(Boolean) ?? null;
}

/** "cost" of "plot:cost"; a picture without a name has its kind's. @param {string} key */
export function nameOf(key) {
  return key.slice(key.indexOf(":") + 1);
}

/** "plot" of "plot:cost". @param {string} key */
export function kindOf(key) {
  return key.split(":", 1)[0];
}

/** The key of the picture that shows a figure. @param {{kind: string, name?: string}} figure */
export function keyOf({ kind, name }) {
  return name ? `${kind}:${name}` : kind;
}
