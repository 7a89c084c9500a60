/**
 * The page: puts the lab, the learner's choices and the views together. How each of them works is its own business.
 */

import { About } from "./about.js";
import { prepareChoices } from "./choices.js";
import { Controls } from "./controls.js";
import { sourceOf } from "./datasets.js";
import { byId } from "./dom.js";
import { fetchJson } from "./fetch-json.js";
import { preferredLanguage, Texts } from "./i18n.js";
import { Lab } from "./lab.js";
import { LessonList } from "./lesson-list.js";
import { LessonView } from "./lesson-view.js";
import { Notices } from "./notices.js";
import { OutputPanel } from "./output.js";
import { Pictures } from "./pictures.js";
import { ProblemPanel } from "./problem.js";
import { RunView } from "./run-view.js";
import { browserStorage, State } from "./state.js";
import { Status } from "./status.js";

/** @typedef {import("./protocol.js").LessonSpec} LessonSpec */
/** @typedef {import("./protocol.js").Description} Description */
/** @typedef {import("./datasets.js").Site} Site */

const lab = new Lab();
Object.assign(globalThis, { pydl: lab });

const state = new State(browserStorage());
const texts = new Texts();
const { t } = texts;
const site = await firstFiles();

const status = new Status(lab, texts);
const problem = new ProblemPanel(texts);
const notices = new Notices(texts);
const output = new OutputPanel(texts);
const about = new About(texts, site);
const pictures = new Pictures(byId("pictures"), texts);
const runView = new RunView(lab, texts);
const controls = new Controls(byId("option-grid"), byId("option-help"), texts, state, site);
const lessonList = new LessonList(texts, choose);
const lessonView = new LessonView(texts);
const run = byId("train", HTMLButtonElement);
const stop = byId("stop", HTMLButtonElement);
const queued = byId("queued");

/** @type {LessonSpec[]} */
let lessons = [];
/** @type {string[]} */
let devices = [];
/** @type {LessonSpec | null} */
let chosen = null;
/** A press of Run that waits for Python. @type {AbortController | null} */
let waiting = null;

prepare();

/** What nothing can be shown without. @returns {Promise<Site>} */
async function firstFiles() {
  try {
    const language = state.get("language") || preferredLanguage(navigator.languages);
    return (await Promise.all([fetchJson("site.json"), texts.use(language)]))[0];
  } catch (error) { // there may be no texts to say it in
    byId("status-text").textContent = `This site is incomplete: ${/** @type {Error} */ (error).message}`;
    throw error;
  }
}

function prepare() {
  lessonView.await(byId("option-grid"));
  pictures.await();
  byId("options").addEventListener("submit", (event) => {
    event.preventDefault();
    runWhenReady();
  });
  stop.addEventListener("click", () => {
    waiting?.abort();
    waiting = null;
    lab.stop();
    showBusy();
  });
  byId("reset").addEventListener("click", () => controls.reset());
  prepareChoices(texts, state);
  lab.on("status", follow);
  lab.on("start", (event) => {
    const lesson = lessons.find(({ name }) => name === event.lesson);
    problem.hide();
    notices.clear();
    output.clear();
    if (!lesson) return;
    if (lesson !== chosen) choose(lesson);
    pictures.expect(lesson);
    runView.clear({ source: () => sourceOf(lesson, event.options ?? {}, texts), state: "running" });
  });
  lab.on("figure", (figure) => pictures.add(figure));
  lab.on("done", ({ stopped }) => {
    if (!stopped) pictures.settle();
  });
  lab.on("output", ({ text }) => output.add(text));
  lab.on("notice", (notice) => notices.add(notice));
  lab.on("error", (failure) => problem.show(failure));
  texts.onChange(showWords);
  showWords();
  for (const id of ["about-button", "reset"]) byId(id).removeAttribute("disabled");
  follow();
}

/** What the lab does now, at first what it did before there was anything to show it. */
function follow() {
  const { phase, message = "" } = lab.status;
  if (phase === "failed") problem.show({ type: "start", message, traceback: null });
  if (phase === "ready") lab.ready.then(describe);
  showBusy();
}

/** What Python says of itself, once it can; again after every restart. @param {Description} description */
function describe(description) {
  about.description = description;
  status.description = description;
  if (lessons.length) return;
  ({ lessons, devices } = description);
  choose(lessons.find(({ name }) => name === state.get("lesson")) ?? lessons[0]);
}

/** @param {LessonSpec} lesson */
function choose(lesson) {
  if (lesson === chosen) return;
  chosen = lesson;
  state.set("lesson", lesson.name);
  pictures.expect(lesson);
  output.place(byId("pictures"), !lesson.trains && !lesson.figures.length);
  runView.expect(lesson);
  showWords();
}

/** Everything that is said in the learner's language and not by a view of its own. */
function showWords() {
  document.title = t("title");
  queued.textContent = t("queued");
  if (!chosen) return;
  run.textContent = t(chosen.trains ? "train" : "run");
  lessonList.show(lessons, chosen);
  lessonView.show(chosen);
  controls.show(chosen, devices);
  showBusy();
}

async function runWhenReady() {
  const press = waiting = new AbortController();
  lab.restart();
  showBusy();
  try {
    describe(await lab.ready); // lest the lesson be chosen later than it is asked for here
    if (press.signal.aborted) return;
    waiting = null;
    const options = controls.read();
    if (!chosen || !options) return;
    const running = lab.run(chosen.name, options);
    showResults();
    await running;
  } catch {
    // the lab has told of it by an event, and the page shows it
  } finally {
    if (waiting === press) waiting = null;
    showBusy();
  }
}

/** On a phone, what one wants to watch now is further down. */
function showResults() {
  const results = byId("results");
  if (results.getBoundingClientRect().top > innerHeight / 2) results.scrollIntoView();
}

function showBusy() {
  const { phase } = lab.status;
  const busy = ["running", "data", "training", "stopping"].includes(phase);
  run.disabled = busy || waiting !== null;
  stop.disabled = phase === "stopping" || !(busy || waiting);
  queued.hidden = !waiting;
  lessonList.locked = busy;
}
