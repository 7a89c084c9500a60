import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, cost, count, duration, milliseconds, number, percent, rate } from "../../../web/page/js/numbers.js";

test("a cost has four decimals, or a power of ten where those would say little", () => {
  assert.deepEqual([2.302585, 1840.96342, 0.6931471, 0.00123, 0, 9.2e-4, 3e-11, 2127680886].map(cost),
    ["2.3026", "1840.96", "0.6931", "0.0012", "0", "9.2e-4", "3.0e-11", "2.1e9"]);
});

test("any number is whole, or has four decimals, or a power of ten", () => {
  assert.deepEqual([0, 3, -2, 60_000, 0.123456, 12.5, 1e-7, 9.537e-7, -0.00012, 2e7, 4.5678e20].map(number),
    ["0", "3", "-2", "60,000", "0.1235", "12.5", "1e-7", "9.54e-7", "-1.2e-4", "2e7", "4.57e20"]);
});

test("a share is in percent, and all of it without decimals", () => {
  assert.deepEqual([0.5, 0.97654, 1, 0].map((value) => percent(value)), ["50.0%", "97.7%", "100%", "0.0%"]);
  assert.equal(percent(0.97654, 2), "97.65%");
  assert.equal(percent(0.99999, 1), "100.0%");
});

test("what is no number is a dash", () => {
  for (const format of [cost, number, percent, count, rate, duration, milliseconds]) {
    for (const nothing of [null, undefined, NaN, Infinity]) assert.equal(format(nothing), "–");
  }
});

test("times, speeds, counts and sizes are short", () => {
  assert.deepEqual([0.444, 59.94, 61, 3600].map(duration), ["0.44 s", "59.9 s", "1:01", "60:00"]);
  assert.deepEqual([0.00123, 3.456, 45.67, 1234.5].map(rate), ["0.0012", "3.46", "45.7", "1,235"]);
  assert.deepEqual([0.1849, 3.14, 12.3, 61.2, 1840].map(milliseconds), ["0.18", "3.1", "12", "61", "1840"]);
  assert.deepEqual([999, 12_345, 9_600_000].map(bytes), ["1 kB", "13 kB", "9.6 MB"]);
  assert.equal(count(10_000), "10,000");
});
