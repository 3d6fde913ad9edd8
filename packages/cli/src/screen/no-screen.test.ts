import assert from "node:assert/strict";
import { test } from "node:test";
import { whyNoScreen } from "./no-screen.ts";

const here = { stdin: { isTTY: true }, stdout: { isTTY: true }, terminal: "xterm" } as const;

test("without a terminal, or on one that cannot move its cursor, a person is told what to do instead", () => {
  assert.equal(whyNoScreen(here), undefined);
  assert.equal(whyNoScreen({ ...here, terminal: undefined }), undefined);
  for (const lacking of [
    { ...here, terminal: "dumb" },
    { ...here, stdin: { isTTY: false } },
    { ...here, stdout: { isTTY: false } },
  ]) {
    const why = whyNoScreen(lacking);
    assert.equal(why?.code, "usage");
    assert.match(why?.next ?? "", /cloister -p/);
  }
});
