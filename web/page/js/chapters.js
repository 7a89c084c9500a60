/**
 * The lessons in their chapters, as a list shows them.
 */

/** @typedef {import("./protocol.js").LessonSpec} LessonSpec */
/** @typedef {{lesson: LessonSpec, number: number, title: string}} Entry */

/**
 * Lessons that follow each other in one chapter, numbered through all of them.
 * @param {LessonSpec[]} lessons
 * @param {(text: import("./protocol.js").Bilingual) => string} of
 * @returns {{title: string, entries: Entry[]}[]}
 */
export function chaptersOf(lessons, of) {
  /** @type {{title: string, entries: Entry[]}[]} */
  const chapters = [];
  lessons.forEach((lesson, at) => {
    const title = of(lesson.chapter);
    if (chapters.at(-1)?.title !== title) chapters.push({ title, entries: [] });
    chapters.at(-1)?.entries.push({ lesson, number: at + 1, title: shortTitle(of(lesson.title)) });
  });
  return chapters;
}

/** A title without what it says after a colon: room is short in a list. @param {string} title */
function shortTitle(title) {
  return title.split(/:\s/)[0];
}
