/**
 * What the bench has measured so far, as the page shows it: a table for each thing, the quickest of a column marked.
 */

import { h } from "./dom.js";
import { bytes, duration } from "./numbers.js";

/** @typedef {import("./bench.js").Figures} Figures */
/** @typedef {import("./bench.js").Contestant} Contestant */
/** @typedef {import("./i18n.js").Texts} Texts */

/** @typedef {{text: string, more?: string, value?: number} | null} Cell of a column's values the smallest is the best */
/** @typedef {{label: string, cells: Cell[]}} Row */
/** @typedef {{name: string, words?: string}} Column */

/**
 * @param {Figures} figures
 * @param {Texts} texts
 * @returns {HTMLElement[]}
 */
export function benchTables(figures, texts) {
  const panels = [steps(figures, texts), products(figures, texts), compiling(figures, texts), sentences(figures, texts)];
  return panels.filter((panel) => panel !== null);
}

/** @param {Figures} figures @param {Texts} texts */
function steps(figures, { t }) {
  const rows = byNetwork(figures, t, () => true, ({ milliseconds, images_per_second: images = 0 }) =>
    (milliseconds === undefined ? null : { value: milliseconds, text: significant(milliseconds),
      more: t("bench.images", { count: Math.round(images).toLocaleString("en-US") }) }));
  return table(t("bench.steps"), t("bench.steps.caption"), columnsOf(figures), rows);
}

/** @param {Figures} figures @param {Texts} texts */
function products(figures, { t }) {
  const { devices, matmul = {} } = figures;
  const rows = devices.map((device) => ({ label: named(device, figures, t), cells: Object.values(matmul).map((speeds) =>
    (device in speeds ? { value: -speeds[device], text: speeds[device].toFixed(1) } : null)) }));
  return table(t("bench.matmul"), t("bench.matmul.caption"), Object.keys(matmul).map((name) => ({ name })), rows);
}

/** @param {Figures} figures @param {Texts} texts */
function compiling(figures, { t }) {
  const rows = byNetwork(figures, t, (name) => figures.devices.includes(name), (entry) =>
    (entry.compile_seconds === undefined ? null : { text: duration(entry.compile_seconds),
      more: [...[entry.module_bytes, entry.memory_bytes].flatMap((size) => (size ? [bytes(size)] : [])),
        ...(entry.dispatches ? [t("bench.dispatches", { count: String(entry.dispatches) })] : [])].join(" · ") }));
  return table(t("bench.compiling"), t("bench.compiling.caption"), columnsOf(figures), rows);
}

/** What is one number each. @param {Figures} figures @param {Texts} texts @returns {HTMLElement | null} */
function sentences(figures, { t }) {
  const { networks, eager, long_run: longRun, endurance } = figures;
  const said = Object.values(networks).flatMap(({ ratios }) => ratios.map(({ of, to, ratio }) => (ratio < 0.5
    ? t("bench.faster", { of, to: named(to, figures, t), times: (1 / ratio).toFixed(1) })
    : t("bench.ratio", { of, to: named(to, figures, t), times: ratio.toFixed(2) }))));
  if (eager) said.push(t("bench.eager", { size: eager.size, times: eager.times_as_fast.toFixed(1) }));
  for (const [device, seconds] of Object.entries(longRun?.seconds ?? {})) {
    said.push(t("bench.long-run", { steps: longRun?.steps.toLocaleString("en-US") ?? "", device,
      network: longRun?.network ?? "", time: duration(seconds) }));
  }
  if (endurance) {
    const [before, after] = endurance.bytes;
    said.push(t("bench.endurance", { steps: endurance.steps.toLocaleString("en-US"), network: endurance.network,
      device: named("webgpu", figures, t), size: bytes(after - before) }));
  }
  return said.length ? h("section", { class: "panel" }, h("h2", { class: "panel-title" }, t("bench.more")),
    h("ul", { class: "bench-list" }, ...said.map((text) => h("li", {}, text)))) : null;
}

/** @param {Figures} figures @returns {Column[]} */
function columnsOf({ networks }) {
  return Object.entries(networks).map(([name, { words }]) => ({ name, words }));
}

/**
 * A row for each contestant, a column for each network.
 * @param {Figures} figures
 * @param {Texts["t"]} t
 * @param {(name: string) => boolean} wanted
 * @param {(entry: Contestant) => Cell} cell
 * @returns {Row[]}
 */
function byNetwork(figures, t, wanted, cell) {
  const networks = Object.values(figures.networks);
  const names = new Set(networks.flatMap(({ contestants }) => Object.keys(contestants)));
  return [...names].filter(wanted).map((name) => ({
    label: named(name, figures, t),
    cells: networks.map(({ contestants }) => (name in contestants ? cell(contestants[name]) : null)),
  }));
}

/**
 * A contestant's name in the reader's language; devices have one in all, and a GPU has its own.
 * @param {string} name
 * @param {Figures} figures
 * @param {Texts["t"]} t
 */
function named(name, { gpu }, t) {
  if (name === "webgpu" && gpu) return `${name}, ${gpu.adapter}`;
  return name.replace("NumPy, by hand", t("bench.by-hand")).replace("C, by hand", t("bench.c"));
}

/** @param {string} title @param {string} caption @param {Column[]} columns @param {Row[]} rows */
function table(title, caption, columns, rows) {
  if (!columns.length || !rows.length) return null;
  const best = columns.map((_, at) => Math.min(...rows.map(({ cells }) => cells[at]?.value ?? Infinity)));
  return h("section", { class: "panel" }, h("h2", { class: "panel-title" }, title),
    h("div", { class: "table-scroll", role: "region", tabindex: 0, "aria-label": title },
      h("table", { class: "bench-table" },
        h("thead", {}, h("tr", {}, h("td"), ...columns.map(({ name, words }) =>
          h("th", { scope: "col" }, words ? h("abbr", { title: words }, name) : name)))),
        h("tbody", {}, ...rows.map(({ label, cells }) => h("tr", {}, h("th", { scope: "row", class: "words" }, label),
          ...cells.map((cell, at) => h("td", { class: rows.length > 1 && cell?.value === best[at] ? "best" : null },
            cell ? cell.text : "–", cell?.more ? h("small", {}, cell.more) : null))))))),
    h("p", { class: "caption" }, caption));
}

/** Three digits: 0.00912, 1.42, 59.3, 5,280. @param {number} value */
export function significant(value) {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 3 });
}
