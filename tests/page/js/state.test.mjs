import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { KEY, State } from "../../../web/page/js/state.js";

/** A browser's storage, with what an earlier visit left. */
function storage(kept) {
  const entries = new Map(kept === undefined ? [] : [[KEY, kept]]);
  return { getItem: (key) => entries.get(key) ?? null, setItem: (key, value) => entries.set(key, value) };
}

test("a first visit has the defaults", () => {
  const state = new State(storage());
  const names = ["language", "theme", "lesson", "options"];
  assert.deepEqual(names.map((name) => state.get(name)), ["", "", "xor", {}]);
});

test("what is set is found again", () => {
  const shared = storage();
  const first = new State(shared);
  first.set("options", { xor: { epochs: "9" } });
  first.set("theme", "dark");
  const second = new State(shared);
  assert.deepEqual([second.get("options"), second.get("theme")], [{ xor: { epochs: "9" } }, "dark"]);
});

test("of a damaged entry only the sound parts are taken", () => {
  for (const broken of ["", "{", "null", "7", "[]"]) assert.equal(new State(storage(broken)).get("lesson"), "xor");
  const damaged = { theme: "pink", lesson: "mnist_relu", options: { xor: { epochs: 9 } } };
  const state = new State(storage(JSON.stringify(damaged)));
  assert.deepEqual([state.get("theme"), state.get("lesson"), state.get("options")], ["", "mnist_relu", {}]);
});

test("a storage that refuses does not stop anything", () => {
  const refusing = { getItem: () => { throw new Error("no"); }, setItem: () => { throw new Error("full"); } };
  const state = new State(refusing);
  state.set("theme", "light");
  assert.equal(state.get("theme"), "light");
  assert.equal(new State(undefined).get("theme"), "");
});

test("the early script reads the same entry", () => {
  const early = readFileSync(new URL("../../../web/page/js/early.js", import.meta.url), "utf8");
  assert.ok(early.includes(`localStorage.getItem("${KEY}")`));
});
