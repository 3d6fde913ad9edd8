import assert from "node:assert/strict";
import { test } from "node:test";
import { seatbeltCommand, seatbeltProfile } from "./seatbelt.ts";
import type { CellView } from "./view.ts";

const view: CellView = {
  workspace: "/Users/a/shop",
  home: "/Users/a",
  readable: ["/opt/tool"],
  sockets: [],
  system: "whole",
};

test("everything is denied but what is named", () => {
  const lines = seatbeltProfile(view, "/private/tmp/c").split("\n");
  assert.deepEqual(lines.slice(0, 2), ["(version 1)", "(deny default)"]);
  assert.ok(!lines.some((line) => line.includes('(subpath "/")') || line.includes('(subpath "/Users/a")')));
  assert.ok(lines.some((line) => line.startsWith("(allow file-write*") && line.includes('"/Users/a/shop"')));
  assert.ok(!lines.some((line) => line.startsWith("(allow file-write*") && line.includes('"/opt/tool"')));
});

test("what guards and hides comes after what shows: the last rule decides", () => {
  const lines = seatbeltProfile({ ...view, hidden: ["/Users/a/shop/.env"] }, "/private/tmp/c").split("\n");
  const index = (part: string): number => lines.findIndex((line) => line.includes(part));
  assert.ok(index('(deny file-write* (subpath "/Users/a/shop/.cloister")') > index("(allow file-write*"));
  assert.ok(
    index('(deny file-read* file-write* (subpath "/Users/a/shop/.env"))') >
      index("(allow file-read* (subpath"),
  );
  assert.ok(index("/Users/a/shop/.git/hooks") > 0);
});

test("there is no network, no name service, and only the socket that was handed in", () => {
  const socket = { outside: "/private/tmp/c/keeper.sock", inside: "/run/keeper.sock" };
  const profile = seatbeltProfile({ ...view, sockets: [socket] }, "/private/tmp/c");
  assert.match(profile, /\(deny network\*\)/);
  assert.match(profile, /mDNSResponder/);
  assert.equal(profile.match(/allow network/g)?.length, 1);
});

test("a path with a quote in it cannot add a rule", () => {
  const profile = seatbeltProfile(
    { ...view, workspace: '/Users/a/x") (allow default) ("' },
    "/private/tmp/c",
  );
  assert.doesNotMatch(profile, /[^\\]"\) \(allow default\)/);
  assert.match(profile, /x\\"\) \(allow default\) \(\\"/);
});

test("what macOS cannot hold is refused, not dropped", () => {
  const launch = { argv: ["true"], directory: "/", environment: {} };
  const limited = (): unknown =>
    seatbeltCommand({ ...view, limits: { cpuSeconds: 1 } }, launch, "/private/tmp/c");
  assert.throws(limited, { code: "cell-view", message: /limits/ });
  assert.deepEqual(seatbeltCommand(view, launch, "/private/tmp/c").slice(0, 2), [
    "/usr/bin/sandbox-exec",
    "-p",
  ]);
});
