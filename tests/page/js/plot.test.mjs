import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsOf } from "../../../web/page/js/plot-data.js";
import { COLOURS, looks, RAMP } from "../../../web/page/js/strokes.js";

const theme = Object.fromEntries([...COLOURS, ...RAMP].map((name, at) => [name, [at, 10 * at, 100]]));
const themed = (name) => theme[name];
const words = (all) => all.map(({ colour, dash }) => `${colour} ${dash ?? "solid"}`);

test("each of 24 lines looks like no other, and neighbours differ in dash as well as in colour", () => {
  const all = looks(24, false, themed);
  assert.equal(new Set(words(all)).size, 24);
  for (let at = 1; at < all.length; at++) {
    assert.notDeepEqual(all[at].colour, all[at - 1].colour);
    assert.notDeepEqual(all[at].dash, all[at - 1].dash);
  }
});

test("lines that are an order run along the ramp", () => {
  const all = looks(11, true, themed);
  assert.deepEqual([all[0].colour, all[10].colour], [theme["--ramp-1"], theme["--ramp-4"]]);
  assert.equal(new Set(words(all)).size, 11);
  assert.equal(looks(1, true, themed).length, 1);
});

test("values that arrive line by line become columns over x", () => {
  const { x, values } = columnsOf([0, 1, 2], [1, 2, 3, 4, 5, 6], 2, false);
  assert.deepEqual([x, values], [[0, 1, 2], [[1, 2, 3], [4, 5, 6]]]);
});

test("what cannot be drawn is a gap", () => {
  assert.deepEqual(columnsOf([0, 1, 2], [NaN, 2, Infinity], 1, false).values, [[null, 2, null]]);
  assert.deepEqual(columnsOf([0, 1, 2], [0, -1, 5], 1, true).values, [[null, null, 5]]);
});

test("an x out of order is put in order, and one that is no number is left out", () => {
  assert.deepEqual(columnsOf([2, NaN, 1], [20, 0, 10], 1, false), { x: [1, 2], values: [[10, 20]] });
});
