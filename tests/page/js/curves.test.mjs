import assert from "node:assert/strict";
import { test } from "node:test";
import { Curves, extremes, spread } from "../../../web/page/js/curves.js";

test("points of the same place are one row, and what is missing is null", () => {
  const curves = new Curves(["loss", "val_loss"]);
  curves.add(0.5, { loss: 3 });
  curves.add(1, { loss: 2 });
  curves.add(1, { val_loss: 2.5, accuracy: 1 });
  assert.deepEqual(curves.thinned(["loss", "val_loss"], 100), [[0.5, 1], [3, 2], [null, 2.5]]);
  assert.equal(curves.last("loss"), 2);
  assert.equal(new Curves(["loss"]).last("loss"), null);
});

test("thinning keeps the ends, every peak and every series, and is short", () => {
  const curves = new Curves(["loss", "val_loss"]);
  for (let x = 1; x <= 50_000; x++) {
    curves.add(x, { loss: x === 31_234 ? 99 : 1 / x, val_loss: x % 10_000 ? undefined : x });
  }
  const [x, loss, validation] = curves.thinned(["loss", "val_loss"], 1000);
  assert.ok(x.length <= 1010, `${x.length} points`);
  assert.deepEqual([x[0], x.at(-1)], [1, 50_000]);
  assert.ok(loss.includes(99));
  assert.deepEqual(validation.filter((value) => value !== null), [10_000, 20_000, 30_000, 40_000, 50_000]);
  assert.deepEqual(x, [...x].sort((a, b) => a - b));
});

test("extremes of few values are all of them", () => {
  assert.deepEqual(extremes([5, null, 3, 4], 10), [0, 2, 3]);
});

test("rows of a table are spread from the first to the last", () => {
  assert.deepEqual(spread(3, 20), [0, 1, 2]);
  assert.deepEqual(spread(101, 5), [0, 25, 50, 75, 100]);
  assert.deepEqual([spread(1, 20), spread(0, 20)], [[0], []]);
});
