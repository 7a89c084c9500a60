import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsOf, comparison, readName } from "../../../web/page/js/networks.js";

test("a history's name says which network, which data and which measure", () => {
  const read = (name) => {
    const found = readName(name);
    return found && [found.network, found.validated, found.measure];
  };
  assert.deepEqual(read("loss"), ["", false, "loss"]);
  assert.deepEqual(read("val_accuracy"), ["", true, "accuracy"]);
  assert.deepEqual(read("softmax_val_accuracy"), ["softmax", true, "accuracy"]);
  assert.deepEqual(read("keep_0.7_loss"), ["keep_0.7", false, "loss"]);
  assert.equal(read("learning_rate"), null);
});

test("the columns of a table begin with the main network", () => {
  const history = { a_accuracy: [1], val_accuracy: [2], a_val_loss: [3], a_loss: [4], accuracy: [5], loss: [6],
    learning_rate: [7], twin_loss: [6], twin_val_accuracy: [2] };
  assert.deepEqual(columnsOf(history).map(({ name }) => name),
    ["loss", "accuracy", "val_accuracy", "a_loss", "a_val_loss", "a_accuracy"]);
});

test("beside the main network's curves each other one has a single line, its validation where there is one", () => {
  const columns = { accuracy: [1], val_accuracy: [2], a_accuracy: [3], a_val_accuracy: [4], a_loss: [5],
    b_accuracy: [6] };
  const { twin, others } = comparison(columns, "accuracy");
  assert.deepEqual([twin, ...others.map(({ name }) => name)], ["", "a_val_accuracy", "b_accuracy"]);
  assert.deepEqual(comparison(columns, "loss").others.map(({ network }) => network), ["a"]);
});

test("the main network's twin gives it its name and has no line of its own", () => {
  const columns = { val_loss: [2, null], relu_val_loss: [2, null], tanh_val_loss: [2, 1] };
  const { twin, others } = comparison(columns, "loss");
  assert.deepEqual([twin, ...others.map(({ network }) => network)], ["relu", "tanh"]);
});

test("a network that agrees with the main one in some numbers only is not that one", () => {
  const columns = { loss: [1], accuracy: [2], other_loss: [1], other_accuracy: [3] };
  const { twin, others } = comparison(columns, "loss");
  assert.deepEqual([twin, ...others.map(({ network }) => network)], ["", "other"]);
  assert.deepEqual(columnsOf(columns).map(({ name }) => name), Object.keys(columns));
});
