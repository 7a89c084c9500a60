import assert from "node:assert/strict";
import { test } from "node:test";
import { Curves, curvesOf, extremes, spread, thinned } from "../../../web/page/js/curves.js";

test("points of the same place are one row, and what is missing is null", () => {
  const curves = new Curves(["loss", "val_loss"]);
  curves.add(0.5, { loss: 3 });
  curves.add(1, { loss: 2 });
  curves.add(1, { val_loss: 2.5, accuracy: 1 });
  assert.deepEqual(curves.x, [0.5, 1]);
  assert.deepEqual(curves.columns, { loss: [3, 2], val_loss: [null, 2.5] });
  assert.deepEqual(["loss", "accuracy"].map((name) => curves.has(name)), [true, false]);
  assert.equal(new Curves(["loss"]).has("loss"), false);
  assert.deepEqual(curves.extent(["loss", "val_loss"]), [2, 3]);
});

test("a history of several networks becomes curves that may end early", () => {
  const curves = curvesOf({ loss: [3, 2, 1], relu_loss: [5, null] });
  assert.deepEqual(curves.x, [1, 2, 3]);
  assert.deepEqual(curves.columns, { loss: [3, 2, 1], relu_loss: [5, null, null] });
  assert.deepEqual(curvesOf({}).x, []);
});

test("thinning keeps the ends, every peak and every series, and is short", () => {
  const curves = new Curves(["loss", "val_loss"]);
  for (let x = 1; x <= 50_000; x++) {
    curves.add(x, { loss: x === 31_234 ? 99 : 1 / x, val_loss: x % 10_000 ? undefined : x });
  }
  const [x, loss, validation] = thinned(curves.x, [curves.columns.loss, curves.columns.val_loss], 1000, true);
  assert.ok(x.length <= 1010, `${x.length} points`);
  assert.deepEqual([x[0], x.at(-1)], [1, 50_000]);
  assert.ok(loss.includes(99));
  assert.deepEqual(validation.filter((value) => value !== null), [10_000, 20_000, 30_000, 40_000, 50_000]);
  assert.deepEqual(x, [...x].sort((a, b) => a - b));
});

test("a gap is still one when a line is thinned, unless it is bridged", () => {
  const x = Array.from({ length: 5000 }, (_, at) => at);
  const line = x.map((at) => (at >= 2000 && at < 2500 ? null : Math.sin(at / 100)));
  const [kept, values] = thinned(x, [line], 100);
  assert.ok(values.includes(null) && kept.length < 200);
  assert.ok(!thinned(x, [line], 100, true)[1].includes(null));
});

test("extremes of few values are all of them", () => {
  assert.deepEqual(extremes([5, null, 3, 4], 10), [0, 2, 3]);
});

test("rows of a table are spread from the first to the last", () => {
  assert.deepEqual(spread(3, 20), [0, 1, 2]);
  assert.deepEqual(spread(101, 5), [0, 25, 50, 75, 100]);
  assert.deepEqual([spread(1, 20), spread(0, 20)], [[0], []]);
});
