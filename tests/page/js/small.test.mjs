import assert from "node:assert/strict";
import { test } from "node:test";
import { chaptersOf } from "../../../web/page/js/chapters.js";
import { choicesHere, datasetNote, fieldsOf, sourceOf } from "../../../web/page/js/datasets.js";
import { oncePerFrame } from "../../../web/page/js/frames.js";
import { anyWord, keyOf, kindOf, nameOf, wordsOf } from "../../../web/page/js/figure-words.js";
import { gpuWords } from "../../../web/page/js/gpu-words.js";
import { preferredLanguage } from "../../../web/page/js/i18n.js";
import { RunRecord } from "../../../web/page/js/run-record.js";

test("however often asked, a frame is drawn once", () => {
  const frames = [];
  let drawn = 0;
  const ask = oncePerFrame(() => { drawn += 1; }, (callback) => frames.push(callback));
  ask();
  ask();
  assert.equal(frames.length, 1);
  frames.pop()();
  assert.equal(drawn, 1);
  ask();
  assert.equal(frames.length, 1);
});

test("the first language that is spoken decides", () => {
  assert.equal(preferredLanguage(["ko-KR", "en"]), "ko");
  assert.equal(preferredLanguage(["fr", "en-GB", "ko"]), "en");
  assert.equal(preferredLanguage(["de"]), "en");
});

const dataset = { name: "dataset", choices: ["mnist", "drawn_digits"], choice_texts: {}, default: "mnist" };
const digits = { options: [dataset, { name: "subset", choices: [] }, { name: "device", choices: ["auto", "numpy"] }] };
const texts = { t: (key, fill = {}) => [key, ...Object.values(fill)].join(" ") };
const site = (subset, full) => ({ data: { mnist_subset: subset, mnist: full, bytes: { mnist: 11_300_000 } } });

test("one data set is never called by another's name", () => {
  const said = (options) => sourceOf(digits, options, texts);
  assert.equal(said({}), "source.subset 10,000 2,000");
  assert.equal(said({ dataset: "mnist", subset: 0 }), "source.mnist 60,000 10,000");
  assert.equal(said({ dataset: "mnist", subset: "1000" }), "source.subset 1,000 200");
  assert.equal(said({ dataset: "drawn_digits" }), "source.drawn 10,000 2,000");
  assert.equal(sourceOf({ options: [{ ...dataset, choices: ["xor"] }] }, {}, texts), "");
});

test("a site without MNIST offers the drawn digits and says why", () => {
  const off = (here) => choicesHere(dataset, here, texts).map((choice) => choice.off);
  assert.deepEqual(off(site(false, false)), [true, false]);
  assert.deepEqual(off(site(true, false)), [false, false]);
  assert.equal(datasetNote(dataset, site(false, false), texts), "dataset.no-mnist");
  assert.equal(datasetNote(dataset, site(true, true), texts), "");
});

test("a data set is called what its lesson calls it", () => {
  const spec = { ...dataset, choices: ["exact", "noisy"], choice_texts: { exact: { en: "on a line" } } };
  const labels = choicesHere(spec, site(true, true), { ...texts, of: ({ en }) => en }).map(({ label }) => label);
  assert.deepEqual(labels, ["on a line", "noisy"]);
});

test("where there is one data set and one device, neither is asked for", () => {
  const names = (lesson, devices) => fieldsOf(lesson, devices).map(({ name }) => name);
  assert.deepEqual(names(digits, ["numpy"]), ["dataset", "subset"]);
  assert.deepEqual(names(digits, ["numpy", "wasm"]), ["dataset", "subset", "device"]);
  assert.deepEqual(names({ options: [{ ...dataset, choices: ["xor"] }, { name: "subset" }] }, ["numpy"]), []);
});

test("of devices those are offered that are here", () => {
  const device = { name: "device", choices: ["auto", "numpy", "wasm", "webgpu"] };
  const offered = (...devices) => fieldsOf({ options: [device] }, devices).map(({ choices }) => choices);
  assert.deepEqual(offered("numpy", "wasm"), [["auto", "numpy", "wasm"]]);
  assert.deepEqual(offered("numpy", "wasm", "webgpu"), [device.choices]);
});

test("a picture is known by its kind and its name, and finds its words by either", () => {
  assert.deepEqual([keyOf({ kind: "plot", name: "cost" }), keyOf({ kind: "digits" })], ["plot:cost", "digits"]);
  assert.deepEqual(["plot:cost", "digits"].map(kindOf), ["plot", "digits"]);
  assert.deepEqual(["plot:cost", "digits", "plot:a:b"].map(nameOf), ["cost", "digits", "a:b"]);
  const lesson = { figure_texts: { "cost": { title: 1 }, "table:cost": { title: 2 }, "digits": { title: 3 } } };
  const titles = ["plot:cost", "table:cost", "digits", "outputs"].map((key) => wordsOf(lesson, key).title);
  assert.deepEqual(titles, [1, 2, 3, undefined]);
  assert.deepEqual(wordsOf(null, "digits"), {});
});

test("a network is called as in a picture, else as among the options", () => {
  const lesson = { figure_texts: { "plot:a": { lines: { relu: 1 } }, "table:a": { cells: { tanh: 2 } } },
    options: [{ choice_texts: { relu: 3, gap: 4 } }, { choice_texts: {} }] };
  assert.deepEqual(["relu", "tanh", "gap", "none"].map((key) => anyWord(lesson, key)), [1, 2, 4, null]);
  assert.equal(anyWord(null, "relu"), null);
});

test("a GPU is named, one that a CPU plays is called so, and none has its reason", () => {
  const said = (gpu) => gpuWords({ adapter: "", software: false, reason: "", ...gpu }, texts.t);
  assert.equal(said({ adapter: "NVIDIA hopper" }), "WebGPU: NVIDIA hopper");
  assert.equal(said({ adapter: "SwiftShader", software: true }), "WebGPU: gpu.software SwiftShader");
  assert.equal(said({ reason: "no-jspi" }), "gpu.no-jspi");
});

test("lessons stand in chapters and are numbered through all of them", () => {
  const lesson = (name, chapter) => ({ name, chapter, title: `${name}: more of it` });
  const lessons = [lesson("a", "First"), lesson("b", "First"), lesson("c", "Second")];
  const chapters = chaptersOf(lessons, (text) => text);
  assert.deepEqual(chapters.map(({ title, entries }) => [title, ...entries.map(({ number, title: name }) =>
    `${number} ${name}`)]), [["First", "1 a", "2 b"], ["Second", "3 c"]]);
});

test("a second training of a run is recorded from its beginning", () => {
  const record = new RunRecord();
  record.add("fit", { device: "numpy" });
  record.add("epoch", { seconds: 1, history: { loss: [3, 2] } });
  record.add("fit", { device: "numpy" });
  record.add("epoch", { seconds: 2, history: { loss: [9] } });
  assert.deepEqual(record.history, { loss: [9] });
});

test("an event of a quick training may tell of a million epochs", () => {
  const record = new RunRecord();
  record.add("epoch", { seconds: 1, history: { loss: Array(1e6).fill(0.5) } });
  record.add("epoch", { seconds: 2, history: { loss: [0.25] } });
  assert.equal(record.history.loss.length, 1e6 + 1);
  assert.equal(record.stopped().result.loss, 0.25);
});

test("a run whose worker was ended answers with what was seen of it", () => {
  const record = new RunRecord();
  const place = { device: "webgpu", adapter: "SwiftShader" };
  record.add("fit", place);
  record.add("epoch", { ...place, seconds: 1, history: { loss: [3, 2] }, steps_per_second: 2, gflops: 0.5 });
  record.add("batch", { ...place, seconds: 2 });
  record.add("epoch", { device: "wasm", adapter: "", seconds: 3, history: { loss: [null] }, steps_per_second: 4 });
  assert.deepEqual(record.stopped(), {
    history: { loss: [3, 2, null] }, result: { loss: null }, device: "wasm", adapter: "", steps_per_second: 4,
    gflops: null, seconds: 3, stopped: true, nonfinite: true,
  });
});
