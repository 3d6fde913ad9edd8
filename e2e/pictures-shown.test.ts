/** Pictures that a person shows with a message: what the model's server is sent, and what is on record. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isRecord, type JsonObject } from "@cloister/base";
import type { Rehearsal } from "@cloister/backend/rehearsal";
import { bodies, cloister, createPlace, rehearse, type Place } from "./harness.ts";
import { png } from "./pictures.ts";

const base64 = png.toString("base64");
const url = `data:image/png;base64,${base64}`;

/** Where the server does not say whether the model sees, the person does. */
function createSeeingPlace(): Place {
  const place = createPlace();
  mkdirSync(join(place.home, ".cloister"), { recursive: true });
  writeFileSync(join(place.home, ".cloister", "settings.json"), '{"vision": true}');
  writeFileSync(join(place.project, "in.png"), png);
  writeFileSync(join(place.base, "else where.png"), png);
  return place;
}

function messages(rehearsal: Rehearsal, request = 0): JsonObject[] {
  const body: unknown = JSON.parse(bodies(rehearsal)[request] ?? "");
  assert.ok(isRecord(body) && Array.isArray(body["messages"]));
  return body["messages"] as JsonObject[];
}

/** The texts beside the pictures of a request. */
function shownIn(rehearsal: Rehearsal, request = 0): string[] {
  return messages(rehearsal, request).flatMap(({ content }) => {
    if (!Array.isArray(content)) return [];
    const [text, picture] = content as JsonObject[];
    assert.deepEqual(picture, { type: "image_url", image_url: { url } });
    return typeof text?.["text"] === "string" ? [text["text"]] : [];
  });
}

test("--image shows a file of the project and one from elsewhere, and @ a third; the record names each", async () => {
  using place = createSeeingPlace();
  const elsewhere = join(place.base, "else where.png");
  writeFileSync(join(place.project, "third.png"), png);
  const rehearsal = await rehearse([{ text: "Three cats." }]);
  const images = ["--image", "in.png", "--image", elsewhere];
  const args = ["-p", "what is in them and in @third.png", "--endpoint", rehearsal.url, ...images];
  const result = await cloister(place, args);
  await rehearsal.close();
  assert.equal(result.code, 0, result.stderr);
  const said = "[Cloister] Picture that the user shows: ";
  assert.deepEqual(shownIn(rehearsal), [`${said}in.png`, `${said}${elsewhere}`, `${said}third.png`]);
  const exposure = await cloister(place, ["ledger", "exposure", "--json"]);
  for (const name of ["in.png", "third.png", "else where.png", "attachment"]) {
    assert.ok(exposure.stdout.includes(name), name);
  }
  const verified = await cloister(place, ["ledger", "verify"]);
  assert.equal(verified.code, 0, verified.stderr);
});

test("a picture in a line of stream-json reaches the model, and one that is none is refused by its result", async () => {
  using place = createSeeingPlace();
  const rehearsal = await rehearse([{ text: "A cat." }]);
  const message = (...content: object[]): string =>
    `${JSON.stringify({ type: "user", message: { role: "user", content } })}\n`;
  const image = (data: string): object => ({
    type: "image",
    source: { type: "base64", media_type: "image/jpeg", data },
  });
  const byAddress = { type: "image", source: { type: "url", url: "https://example.com/a.png" } };
  const input = [
    message({ type: "text", text: "see" }, image("bm8=")),
    message({ type: "text", text: "see" }, byAddress),
    message({ type: "text", text: "see" }, image(base64)),
  ].join("");
  const formats = ["--input-format", "stream-json", "--output-format", "stream-json"];
  const result = await cloister(place, [...formats, "--endpoint", rehearsal.url], { input });
  await rehearsal.close();
  const results = result.stdout.split("\n").filter((line) => line.includes('"type":"result"'));
  assert.match(results[0] ?? "", /it is no PNG, JPEG, GIF or WebP/);
  assert.match(results[1] ?? "", /it is no PNG, JPEG, GIF or WebP/);
  assert.match(results[2] ?? "", /A cat\./);
  assert.equal(rehearsal.requests.length, 1);
  assert.deepEqual(shownIn(rehearsal), [
    "[Cloister] Picture that the user shows: picture 1, from the program's input",
  ]);
});

test("a model that does not see is sent nothing, and the run fails with a word on what to do", async () => {
  using place = createPlace();
  writeFileSync(join(place.project, "in.png"), png);
  const rehearsal = await rehearse([{ text: "?" }]);
  for (const args of [
    ["-p", "what is it", "--image", "in.png"],
    ["-p", "what is @in.png"],
  ]) {
    const result = await cloister(place, [...args, "--endpoint", rehearsal.url]);
    assert.equal(result.code, 1);
    assert.match(result.stderr + result.stdout, /does not see pictures.*--model/);
  }
  await rehearsal.close();
  assert.equal(rehearsal.requests.length, 0);
});

test("what is no picture, or is not there, ends the run before a session begins", async () => {
  using place = createSeeingPlace();
  const rehearsal = await rehearse([{ text: "?" }]);
  for (const [name, why] of [
    ["README.md", /README\.md: it is no PNG/],
    ["none.png", /there is no none\.png/],
    [".", /is no file/],
  ] as const) {
    const result = await cloister(place, ["-p", "x", "--image", name, "--endpoint", rehearsal.url]);
    assert.match(result.stderr, why);
    assert.notEqual(result.code, 0);
  }
  await rehearsal.close();
  assert.equal(rehearsal.requests.length, 0);
});

test("a session with pictures goes on with the same bytes, and is exported with them", async () => {
  using place = createSeeingPlace();
  const elsewhere = join(place.base, "else where.png");
  const rehearsal = await rehearse([{ text: "A cat." }, { text: "Still a cat." }]);
  const first = await cloister(place, ["-p", "see", "--image", elsewhere, "--endpoint", rehearsal.url]);
  assert.equal(first.code, 0, first.stderr);
  const second = await cloister(place, ["-c", "-p", "and now", "--endpoint", rehearsal.url]);
  assert.equal(second.code, 0, second.stderr);
  await rehearsal.close();
  const [one = "", two = ""] = bodies(rehearsal);
  assert.ok(two.startsWith(one.slice(0, -2)));
  const list = await cloister(place, ["sessions", "list", "--json"]);
  const id = /ses_\w+/.exec(list.stdout)?.[0] ?? "";
  const exported = await cloister(place, ["sessions", "export", id, "--format", "html"]);
  const html = exported.stdout;
  assert.ok(html.includes(`<img src="${url}"`), `${list.stdout}\n${exported.stderr}\n${html}`);
  assert.match(html, /img-src data:/);
  const markdown = (await cloister(place, ["sessions", "export", id, "--format", "md"])).stdout;
  assert.match(markdown, /\*Picture that the user shows: .*else where\.png, image\/png, 28 (?:B|bytes)\*/);
  assert.ok(!markdown.includes(base64));
  const json = (await cloister(place, ["sessions", "export", id, "--format", "json"])).stdout;
  assert.match(json, /"sha256": "[\da-f]{64}"/);
  assert.ok(!json.includes(base64));
});
