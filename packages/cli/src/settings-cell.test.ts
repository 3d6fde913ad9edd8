import assert from "node:assert/strict";
import { test } from "node:test";
import { CloisterError } from "@cloister/base";
import { readCellSettings } from "./settings-cell.ts";

const read = (value: unknown): ReturnType<typeof readCellSettings> =>
  readCellSettings(value, (why) => new CloisterError(why, { code: "bad-settings" }));

test("what is set is read", () => {
  const value = {
    hide: [".env"],
    allow: ["example.test"],
    memory: "1G",
    processes: 50,
    unix: "inside",
    review: true,
  };
  assert.deepEqual(read(value), {
    wishes: {
      hide: [".env"],
      allow: ["example.test"],
      unix: "inside",
      memoryBytes: 2 ** 30,
      processesMax: 50,
    },
    review: "ask",
  });
  assert.deepEqual(read({ review: false, tier: "bubblewrap" }), { wishes: {}, tier: "bubblewrap" });
});

test("each fault is named, for a setting that is misread in silence protects nobody", () => {
  const faults: [unknown, RegExp][] = [
    [[], /must be an object|has no/],
    [{ hidden: [] }, /no "hidden"/],
    [{ hide: ".env" }, /"hide" must be a list of paths/],
    [{ allow: [1] }, /"allow" must be a list of hosts/],
    [{ unix: true }, /"unix" must be one of/],
    [{ tier: "weak" }, /"tier" must be one of/],
    [{ memory: "much" }, /"memory" cannot be "much"/],
    [{ processes: "9" }, /"processes" must be a whole number/],
    [{ review: "maybe" }, /"review" must be one of/],
  ];
  for (const [value, expected] of faults) assert.throws(() => read(value), expected);
});
