/** What this host can hold, and what is refused because it is less. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { examineHost, openCells } from "../src/index.ts";

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
let base: string;

before(() => void (base = mkdtempSync(join(tmpdir(), "cell-host-"))));
after(() => rmSync(base, { recursive: true, force: true }));

test("a tier below the least that is required is refused by name", async () => {
  const opened = openCells({
    tier: "none",
    tierMin: "bubblewrap",
    scratch: join(base, "low"),
    architecture: process.arch,
    user: me,
  });
  await assert.rejects(opened, { code: "cell-tier" });
});

test("the examination of this host says what it can hold, and leaves nothing behind", async () => {
  const scratch = join(base, "examined");
  const { tier, checks } = await examineHost({
    scratch,
    architecture: process.arch,
    user: me,
    platform: process.platform,
  });
  const failed = checks.filter(({ ok, isRequired }) => !ok && isRequired);
  assert.deepEqual(failed, []);
  assert.equal(tier, "bubblewrap");
  assert.ok(checks.length > 15);
  assert.ok(!existsSync(scratch));
  const missing = await examineHost({
    ...{ scratch, architecture: process.arch, user: me, platform: process.platform },
    bwrapPaths: ["/nonexistent/bwrap"],
  });
  assert.equal(missing.tier, "none");
  assert.match(missing.checks.find(({ name }) => name === "bubblewrap")?.fix ?? "", /apt-get install/);
});

test("on other systems the examination names what there is instead", async () => {
  const options = { scratch: join(base, "other"), architecture: "arm64", user: me };
  assert.equal((await examineHost({ ...options, platform: "darwin" })).tier, "seatbelt");
  const windows = await examineHost({ ...options, platform: "win32" });
  assert.equal(windows.tier, "none");
  assert.match(windows.checks[0]?.fix ?? "", /WSL2/);
});
