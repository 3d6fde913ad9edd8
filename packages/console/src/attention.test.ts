import assert from "node:assert/strict";
import { test } from "node:test";
import { createAttention } from "./attention.ts";

function open(
  how: "bell" | "desktop" | "off",
): { clock: { at: number }; heard: string[] } & ReturnType<typeof createAttention> {
  const clock = { at: 0 };
  const heard: string[] = [];
  const attention = createAttention({
    clock: { now: () => clock.at },
    how,
    ring: () => heard.push("bell"),
    notify: (text) => heard.push(text),
  });
  return { clock, heard, ...attention };
}

test("where the terminal says nothing of its focus, who pressed no key for a while is called once", () => {
  const { clock, heard, typed, call } = open("bell");
  clock.at = 5000;
  call("done");
  assert.deepEqual(heard, [], "they have just been here");
  typed();
  clock.at = 45_000;
  call("done");
  assert.deepEqual(heard, ["bell"]);
  typed();
  call("done");
  assert.deepEqual(heard, ["bell"]);
});

test("where it does, that alone counts: nobody who looks is called, however long they wait", () => {
  const { clock, heard, focus, call } = open("desktop");
  focus(true);
  clock.at = 400_000;
  call("done");
  assert.deepEqual(heard, []);
  focus(false);
  call("done");
  assert.deepEqual(heard, ["done", "bell"]);
});

test("who wants no call gets none", () => {
  const { clock, heard, focus, call } = open("off");
  focus(false);
  clock.at = 400_000;
  call("done");
  assert.deepEqual(heard, []);
});
