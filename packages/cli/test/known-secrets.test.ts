import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { createSeals } from "@cloister/secrets";
import { findKnownSecrets } from "../src/known-secrets.ts";

test("the user's own credentials are known in any text, without the words that tell what they are", (t) => {
  const home = mkdtempSync(join(tmpdir(), "cloister-known-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const files = {
    ".netrc": "machine git.corp.example login me password tangerine-Horse-41\n",
    ".cache/huggingface/token": "plainword-token-of-mine\n",
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), text);
  }
  const known = findKnownSecrets({ home, apiKey: "endpoint-key-of-mine" });
  const seals = createSeals(Buffer.alloc(32, 1), { known });
  const said = "remember tangerine-Horse-41, then plainword-token-of-mine and endpoint-key-of-mine";
  assert.doesNotMatch(seals.seal(said).text, /tangerine|plainword|endpoint-key/);
  assert.equal(
    createSeals(Buffer.alloc(32, 1)).seal(said).text,
    said,
    "by their form alone they are no secrets",
  );
});
