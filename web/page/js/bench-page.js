/**
 * bench.html: one button that measures this machine, and the tables that fill up while it does.
 */

import { Bench, Stopped } from "./bench.js";
import { benchTables } from "./bench-tables.js";
import { prepareChoices } from "./choices.js";
import { byId } from "./dom.js";
import { preferredLanguage, Texts } from "./i18n.js";
import { Lab } from "./lab.js";
import { ProblemPanel } from "./problem.js";
import { browserStorage, State } from "./state.js";
import { Status } from "./status.js";

const lab = new Lab();
const bench = new Bench(lab);
Object.assign(globalThis, { pydl: lab, bench });

const state = new State(browserStorage());
const texts = new Texts();
const { t } = texts;
await texts.use(state.get("language") || preferredLanguage(navigator.languages));

const status = new Status(lab, texts);
const problem = new ProblemPanel(texts);
const measure = byId("measure", HTMLButtonElement);
const stop = byId("stop", HTMLButtonElement);
const copy = byId("copy", HTMLButtonElement);
const progress = byId("progress", HTMLProgressElement);
const tables = byId("tables");
/** What the table shows. @type {import("./bench.js").Figures | null} */
let figures = null;
/** Where the measurement is. @type {{part: string, done: number, all: number} | null} */
let place = null;

prepareChoices(texts, state);
texts.onChange(render);
measure.addEventListener("click", run);
stop.addEventListener("click", () => lab.stop());
copy.addEventListener("click", async () => {
  await navigator.clipboard.writeText(await bench.report("markdown"));
  copy.textContent = t("copied");
});
lab.on("status", render);
lab.on("error", (failure) => { if (!failure.traceback?.includes("KeyboardInterrupt")) problem.show(failure); });
lab.ready.then((description) => { status.description = description; },
  (error) => problem.show({ type: "start", message: error.message, traceback: null }));
render();

async function run() {
  problem.hide();
  figures = null;
  place = { part: "", done: 0, all: 1 };
  render();
  try {
    const parts = await bench.begin();
    for (const [done, part] of parts.entries()) {
      place = { part, done, all: parts.length };
      render();
      figures = await bench.measure(part);
    }
  } catch (error) {
    if (!(error instanceof Stopped)) problem.show({ type: "Error", message: String(error), traceback: null });
  } finally {
    place = null;
    render();
  }
}

function render() {
  document.title = t("bench.title");
  const { phase } = lab.status;
  measure.disabled = place !== null || phase === "failed";
  stop.disabled = place === null || phase === "stopping";
  copy.disabled = place !== null || figures === null;
  copy.textContent = t("bench.copy");
  progress.hidden = place === null;
  progress.max = place?.all ?? 1;
  progress.value = place?.done ?? 0;
  byId("part").textContent = place?.part ? t("bench.part", { part: place.part, done: place.done + 1, all: place.all })
    : figures ? t("bench.machine", { date: figures.date, machine: figures.machine, rounds: figures.rounds }) : "";
  tables.replaceChildren(...(figures ? benchTables(figures, texts) : []));
}
