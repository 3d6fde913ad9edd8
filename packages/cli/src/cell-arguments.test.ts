import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCellArguments, parseSize } from "./cell-arguments.ts";

test("what follows the first -- is the command, untouched", () => {
  const args = parseCellArguments(["--read", "a", "--read=b", "--", "x", "--read", "--", "-v"]);
  assert.equal(args.command, "cell");
  if (args.command !== "cell") return;
  assert.deepEqual(args.argv, ["x", "--read", "--", "-v"]);
  assert.deepEqual(args.wishes.read, ["a", "b"]);
});

test("--review alone asks; its value must be one of four; the last one counts", () => {
  const review = (...options: string[]): unknown => {
    const args = parseCellArguments([...options, "--", "x"]);
    return args.command === "cell" ? args.review : undefined;
  };
  assert.equal(review("--review"), "ask");
  assert.equal(review("--review", "--review=show"), "show");
  assert.equal(review(), undefined);
  for (const wrong of ["--review=yes", "--review="]) {
    assert.throws(() => review(wrong), { code: "usage" });
  }
});

test("what cannot be meant is refused before anything runs", () => {
  for (const argv of [
    [],
    ["--"],
    ["ls"],
    ["doctor", "--", "x"],
    ["--tier", "weak", "--", "x"],
    ["--promote-guarded", "--", "x"],
    ["--timeout", "0", "--", "x"],
    ["--processes", "-1", "--", "x"],
    ["--unknown", "--", "x"],
    ["--unix", "all", "--", "x"],
  ]) {
    assert.throws(() => parseCellArguments(argv), { code: "usage" }, argv.join(" "));
  }
});

test("sizes are powers of 1024", () => {
  const sizes: [string, number][] = [
    ["1", 1],
    ["2k", 2048],
    ["512M", 2 ** 29],
    ["2G", 2 ** 31],
    ["1GiB", 2 ** 30],
  ];
  for (const [text, bytes] of sizes) assert.equal(parseSize("--memory", text), bytes);
  for (const text of ["", "0", "-1", "1.5G", "G", "1X", "99999999999999", "999999999999T"]) {
    assert.throws(() => parseSize("--memory", text), { code: "usage" }, text);
  }
});
