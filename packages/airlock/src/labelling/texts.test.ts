import assert from "node:assert/strict";
import { test } from "node:test";
import { holdsPicture, textOf, undecorated } from "./texts.ts";

test("text is found in parts, in arguments that are JSON, and in JSON that a tool answered, but not in the protocol's words", () => {
  const item = {
    role: "assistant",
    content: [{ type: "text", text: "one" }],
    tool_calls: [{ id: "call_1", function: { name: "f", arguments: '{"content":"two\\nthree"}' } }],
    output: JSON.stringify({ stdout: JSON.stringify({ id: `four${"!".repeat(100)}` }) }),
    cloister: { source: "file", files: [{ path: "secret-name.ts" }] },
  };
  assert.equal(textOf(item), `one\nf\ntwo\nthree\nfour${"!".repeat(100)}`);
});

test("what only begins like JSON is text, and a picture is none", () => {
  const code = "[a, b].map((one) => one);";
  assert.equal(textOf(code), code);
  assert.equal(textOf({ data: "A".repeat(300) }), "(a picture)");
  assert.equal(textOf(`data:image/png;base64,${"A".repeat(300)}`), "(a picture)");
  const disguised = `data:image/png;base64,${"A".repeat(300)}\nconst a = 1;`;
  assert.equal(textOf(disguised), disguised);
});

for (const [what, decorate] of Object.entries({
  "numbers and an arrow": (line: string, at: number) => `${String(at + 1).padStart(6)}→${line}`,
  "numbers and a tab": (line: string, at: number) => `${at + 1}\t${line}`,
  "numbers and a bar": (line: string, at: number) => `${at + 1} | ${line}`,
  "the marks of a diff": (line: string) => `+${line}`,
  "the marks of a quotation": (line: string) => `> ${line}`,
  "a search's file names": (line: string, at: number) => `src/a.ts:${at + 1}:${line}`,
})) {
  test(`a file is known behind ${what}`, () => {
    const file = ["const a = 1;", "if (a > 0) {", "  b(a);", "}"];
    assert.equal(
      undecorated(file.map(decorate).join("\n"))?.replaceAll(/\s/g, ""),
      file.join("").replaceAll(/\s/g, ""),
    );
  });
}

test("a text without such marks is left as it is", () => {
  assert.equal(undecorated("const a = 1;\nconst b = 2;\n- c\nd();"), undefined);
});

test("a picture is found in every protocol's form, and in the result of a call", () => {
  const source = { type: "base64", media_type: "image/png", data: "AAAA" };
  for (const part of [
    { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
    { type: "input_image", image_url: "data:image/png;base64,AAAA" },
    { type: "image", source },
    { type: "tool_result", content: [{ type: "image", source }] },
    { type: "document", source: { ...source, media_type: "application/pdf" } },
  ]) {
    assert.ok(holdsPicture({ role: "user", content: [{ type: "text", text: "see" }, part] }), part.type);
  }
  assert.ok(!holdsPicture({ role: "user", content: "an image of data:image/png" }));
  assert.ok(!holdsPicture({ type: "thinking", thinking: "", signature: "A".repeat(500) }));
});
