import assert from "node:assert/strict";
import { test } from "node:test";
import { extent, linearRange, logRange, powersOfTen } from "../../../web/page/js/axes.js";

test("a linear axis holds its data with some air, and zero where that is near", () => {
  assert.deepEqual(linearRange(1, 10), [0, 10.54]);
  assert.deepEqual(linearRange(-10, -1), [-10.54, 0]);
  const [low, high] = linearRange(100, 101);
  assert.ok(low > 99 && low < 100 && high > 101 && high < 102);
});

test("an axis of one value has a length", () => {
  assert.deepEqual([linearRange(0, 0), linearRange(4, 4), linearRange(-4, -4)], [[0, 1], [2, 6], [-6, -2]]);
  assert.deepEqual(logRange(100, 100), [100, 1000]);
});

test("a logarithmic axis goes from one power of ten to another", () => {
  assert.deepEqual(logRange(0.003, 70), [0.001, 100]);
  assert.deepEqual(logRange(0.001, 100), [0.001, 100]);
});

test("its marks are powers of ten, and not too many", () => {
  assert.deepEqual(powersOfTen([0.01, 100], 10), [0.01, 0.1, 1, 10, 100]);
  assert.deepEqual(powersOfTen([1e-30, 1], 6), [1e-30, 1e-25, 1e-20, 1e-15, 1e-10, 1e-5, 1]);
});

test("gaps have no extent", () => {
  assert.deepEqual(extent([[3, null], [null, -1]]), [-1, 3]);
  assert.equal(extent([[null], []]), null);
});
