import assert from "node:assert/strict";
import { test } from "node:test";
import { contour } from "../../../web/page/js/contour.js";

const sample = (size, height) =>
  Float32Array.from({ length: size * size }, (_, at) => height(at % size, Math.floor(at / size)));

test("a plane has a straight line", () => {
  const segments = contour(sample(5, (x) => x / 4), 5, 0.5);
  assert.equal(segments.length, 4);
  for (const [x, , toX] of segments) assert.deepEqual([x, toX], [2, 2]);
});

test("a hill has a ring of the right radius", () => {
  const segments = contour(sample(41, (x, y) => Math.hypot(x - 20, y - 20)), 41, 10);
  for (const [x, y] of segments) assert.ok(Math.abs(Math.hypot(x - 20, y - 20) - 10) < 0.05);
  const length = segments.reduce((sum, [x, y, toX, toY]) => sum + Math.hypot(toX - x, toY - y), 0);
  assert.ok(Math.abs(length - 2 * Math.PI * 10) < 0.5);
});

test("a flat land has none", () => {
  assert.deepEqual(contour(sample(4, () => 1), 4, 0.5), []);
});
