import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultText, readOption } from "../../../web/page/js/options.js";

const option = (type, extra = {}) => ({
  name: "it", type, default: 1, minimum: 1, maximum: 100, choices: [], optional: false, label: {}, help: {}, ...extra,
});

const CASES = [
  ["int", "7", 7], ["int", " 7 ", 7], ["int", "7.5", "problem.int"], ["int", "many", "problem.int"],
  ["int", "", "problem.int"], ["int", "0", "problem.range"], ["int", "101", "problem.range"],
  ["float", "1.5", 1.5], ["float", "1e1", 10], ["float", "2.", 2], ["float", "fast", "problem.float"],
  ["float", "1,5", "problem.float"], ["float", "NaN", "problem.float"], ["float", "1e999", "problem.range"],
  ["ints", "8", [8]], ["ints", "8,4", [8, 4]], ["ints", "8, 4  2", [8, 4, 2]], ["ints", "8,,8", "problem.ints"],
  ["bool", "true", true], ["bool", "false", false], ["bool", "on", "problem.bool"],
  ["text", "scores.csv", "scores.csv"], ["text", "a,b\n1,2\n", "a,b\n1,2\n"], ["text", "", ""],
  ["text", "x".repeat(10_001), "problem.text"], ["text", "\0", "problem.text"],
  ["ints", "", "problem.ints"], ["ints", "8,4.5", "problem.ints"], ["ints", "8,0", "problem.range"],
];

for (const [type, text, expected] of CASES) {
  test(`${type} from "${text}"`, () => {
    const read = readOption(option(type), text);
    assert.deepEqual("value" in read ? read.value : read.problem, expected);
  });
}

test("a range says its bounds", () => {
  const read = readOption(option("float", { minimum: 0.000001, maximum: 60000 }), "0");
  assert.deepEqual(read, { problem: "problem.range", fill: { low: "0.000001", high: "60,000" } });
});

test("a choice is one of its words", () => {
  const spec = option("choice", { choices: ["relu", "tanh"] });
  assert.deepEqual(readOption(spec, "tanh"), { value: "tanh" });
  assert.equal(readOption(spec, "cosine").fill.choices, "relu, tanh");
});

test("only an optional one may be empty", () => {
  assert.deepEqual(readOption(option("int", { optional: true }), " "), { value: null });
});

test("every default reads back as itself", () => {
  for (const [type, value] of [["int", 3], ["float", 0.001], ["float", 1e-6], ["ints", [100, 50]],
    ["bool", true], ["bool", false], ["text", "a\nb"]]) {
    const spec = option(type, { default: value, minimum: 0 });
    assert.deepEqual(readOption(spec, defaultText(spec)), { value });
  }
});
