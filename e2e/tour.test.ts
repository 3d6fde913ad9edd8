import assert from "node:assert/strict";
import { test } from "node:test";
import { cloister, createPlace } from "./harness.ts";

test("the tour runs to its end and shows what it promises", async () => {
  using place = createPlace();
  const { code, stdout, stderr } = await cloister(place, ["tour", "--lang", "en"]);
  assert.equal(code, 0, stderr);
  const story = [
    /# fail 2/,
    /● Bash node --test/,
    /● Edit src\/cart\.js/,
    /\+ {2}return Math\.round/,
    /Network is unreachable/,
    /# fail 0/,
    /config\/shop\.js +lines 1–5.*sealed: 1 stripe-key/,
    /INTACT/,
    /ALTERED at entry 1/,
    /checksum is mended[^]*ALTERED at entry 1/,
    /--endpoint http/,
  ];
  let from = 0;
  for (const scene of story) {
    const at = stdout.slice(from).search(scene);
    assert.ok(at >= 0, `${scene} is missing, or out of order:\n${stdout}`);
    from += at;
  }
  assert.doesNotMatch(stdout, /sk_live_/);
});

test("the tour speaks Chinese when the locale does", async () => {
  using place = createPlace();
  const { code, stdout, stderr } = await cloister(place, ["tour"], { environment: { LANG: "zh_CN.UTF-8" } });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /没有任何连接离开本机/);
});

test("colour is asked for and refused by the usual variables", async () => {
  using place = createPlace();
  const escape = "\u001b[";
  const coloured = await cloister(place, ["tour"], { environment: { FORCE_COLOR: "1" } });
  assert.ok(coloured.stdout.includes(escape));
  const plain = await cloister(place, ["--help"], { environment: { NO_COLOR: "1" } });
  assert.ok(!plain.stdout.includes(escape));
});
