import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import { buildPdf } from "@cloister/fakes";
import type { AttachedPicture } from "./attachments.ts";
import { skillInTests } from "./brings.ts";
import { shownPicture, nameOfShown, PICTURES_MAX } from "./pictures.ts";
import { writeNotes } from "./notes.ts";
import { rehearse, type Rehearsed, type RehearsedOptions } from "./rehearsed.ts";
import { shortenItem, withoutOldPictures } from "./shorten.ts";

const png = Buffer.from("89504e470d0a1a0a0000000d494844520000000a0000001408060000", "hex");
const wide = Buffer.from("89504e470d0a1a0a0000000d49484452000023280000001408060000", "hex");
const pasted: AttachedPicture = {
  kind: "bytes",
  from: "clipboard",
  base64: png.toString("base64"),
  name: "picture 1",
};
const url = `data:image/png;base64,${png.toString("base64")}`;

function play(options: RehearsedOptions = {}): Rehearsed {
  const played = rehearse([{ text: "Seen." }, { text: "Seen again." }], { seesPictures: true, ...options });
  writeFileSync(join(played.workspace, "a.png"), png);
  writeFileSync(join(played.workspace, "wide.png"), wide);
  return played;
}

async function say(
  played: Rehearsed,
  text: string,
  ...pictures: AttachedPicture[]
): Promise<{ readonly why: string | undefined; readonly sent: readonly JsonObject[] }> {
  played.session.send({ text, pictures });
  const { ending } = await played.until("end");
  return { why: ending.error?.message, sent: played.requests.at(-1)?.messages.slice(-2) ?? [] };
}

test("a picture follows the words that it was shown with, as a message of unknown origin", async () => {
  using played = play();
  const { sent } = await say(played, "what is [picture 1]?", pasted);
  assert.deepEqual(sent[0], { role: "user", content: "what is [picture 1]?", cloister: { source: "user" } });
  assert.deepEqual(sent[1], {
    role: "user",
    content: [
      { type: "text", text: "[Cloister] Picture that the user shows: picture 1, from the clipboard" },
      { type: "image_url", image_url: { url } },
    ],
    cloister: { source: "attachment", tool: "clipboard" },
  });
});

test("words that hold a piece of a file have its label, also where nothing is mentioned, and a command is called", async () => {
  const files = [{ path: "restricted/pay plan.md", from: 1, to: 2 }];
  const called = { brings: { skills: [skillInTests("command", "fix", "Mend it.")] } };
  for (const [text, options] of [
    ["see this: 9000", {}],
    ["/fix 9000", called],
  ] as const) {
    using played = play(options);
    played.session.send({ text, files });
    await played.until("end");
    const said = played.requests[0]?.messages.find(({ content }) => content === text);
    assert.deepEqual(said?.["cloister"], { source: "user", files });
  }
});

test("a picture that a prompt mentions is shown, with its file's name for the label and the record", async () => {
  using played = play();
  const { sent } = await say(played, "see @a.png");
  assert.match(JSON.stringify(sent[1]?.["content"]), /user shows: a\.png.*image_url/);
  assert.deepEqual(sent[1]?.["cloister"], {
    source: "file",
    tool: "Read",
    files: [{ path: "a.png", from: 1, to: 1 }],
  });
});

test("a file from elsewhere is of unknown origin, and its path is on record", async () => {
  using played = play();
  const { sent } = await say(played, "see", { ...pasted, from: "elsewhere", path: "/home/me/shot.png" });
  assert.deepEqual(sent[1]?.["cloister"], {
    source: "attachment",
    tool: "elsewhere",
    files: [{ path: "/home/me/shot.png", from: 1, to: 1 }],
  });
});

test("a model that does not see is asked nothing, and the person is told which one does", async () => {
  for (const pictures of [[pasted], []]) {
    using played = play({ seesPictures: false, seeingModels: ["qwen3-vl"] });
    const { why } = await say(played, "see @a.png", ...pictures);
    assert.match(why ?? "", /does not see pictures.*qwen3-vl does: --model/);
    assert.equal(played.requests.length, 0);
  }
});

test("a session that goes on with a model that does not see keeps the words, and names what is left out", async () => {
  const item = shownPicture(
    { name: "a.png", mediaType: "image/png", base64: "AAAA" },
    { source: "file", tool: "Read", files: [{ path: "a.png", from: 1, to: 1 }] },
  );
  for (const seesPictures of [true, false]) {
    using played = play({ seesPictures, resume: [{ role: "user", content: "see" }, item] });
    await say(played, "and now");
    const sent = played.requests[0]?.messages[1];
    const left = "[Cloister] Picture that the user shows: a.png\n[left out; Read shows it again]";
    assert.deepEqual(sent, seesPictures ? item : { ...item, content: left });
  }
});

test("when room is made old pictures go first, and all else stays as it was", () => {
  const item = shownPicture(
    { name: "a.png", mediaType: "image/png", base64: "AAAA" },
    { source: "attachment", tool: "clipboard" },
  );
  const answer = { role: "assistant", content: "so" };
  const long = { role: "tool", tool_call_id: "1", content: "x".repeat(5000) };
  assert.equal(withoutOldPictures([item, answer, long]), undefined);
  const [picture, ...rest] = withoutOldPictures([item, long, answer, item, answer]) ?? [];
  assert.equal(typeof picture?.content, "string");
  assert.deepEqual(rest, [long, answer, item, answer]);
});

test("a PDF that a prompt mentions is attached by its text, whether the model sees or not", async () => {
  using played = play({ seesPictures: false });
  writeFileSync(join(played.workspace, "a.pdf"), buildPdf(["Hello paper"]));
  const { sent } = await say(played, "see @a.pdf");
  assert.match(JSON.stringify(sent[1]?.["content"]), /a\.pdf, which the user mentions.*Hello paper/);
});

test("what is no picture, or too large, is refused before anything is sent", async () => {
  const text = Buffer.from("text").toString("base64");
  const refused: [RegExp, string, ...AttachedPicture[]][] = [
    [/picture 1, from the clipboard: it is no PNG/, "see", { ...pasted, base64: text }],
    [/it is no PNG/, "see", { ...pasted, base64: "" }],
    [/9000 × 20 pixels.*8000 pixels a side/, "see", { ...pasted, base64: wide.toString("base64") }],
    [/9000 × 20 pixels.*8000 pixels a side/, "see @wide.png"],
    [/none\.png does not exist/, "see", { kind: "file", path: "none.png" }],
    [/outside/, "see", { kind: "file", path: "/etc/passwd" }],
  ];
  for (const [why, words, ...pictures] of refused) {
    using played = play();
    assert.match((await say(played, words, ...pictures)).why ?? "sent", why);
    assert.equal(played.requests.length, 0, String(why));
  }
});

test("a name after @ that is no picture, or not there, stays what it is", async () => {
  using played = play({ files: { "fake.png": "words\n" } });
  const { sent } = await say(played, "see @none.png and @fake.png");
  assert.match(JSON.stringify(sent), /fake\.png, which the user mentions.*words/);
});

test("more pictures than a conversation takes are refused, those that it holds among them", async () => {
  using played = play();
  const some = Array.from({ length: PICTURES_MAX }, () => pasted);
  assert.equal((await say(played, "see", ...some)).why, undefined);
  assert.match((await say(played, "and", pasted)).why ?? "", /takes 20 pictures, and this one holds 20/);
});

test("a picture is left out with a line in its place, and the notes of the work still name it", () => {
  const item = shownPicture(
    { name: "picture 1, from the clipboard", mediaType: "image/png", base64: "AAAA" },
    { source: "attachment", tool: "clipboard" },
  );
  const short = shortenItem(item);
  assert.match(
    JSON.stringify(short.content),
    /picture 1, from the clipboard\\n\[left out; only the user can show it again\]/,
  );
  for (const each of [item, short]) {
    assert.equal(nameOfShown(each), "picture 1, from the clipboard");
    const notes = writeNotes({ items: [each], summary: undefined, hints: undefined, reads: new Map() });
    assert.match(JSON.stringify(notes.content), /showed a picture, which is no longer here: picture 1/);
  }
});

test("a tool's result is never taken for a picture that the user shows", () => {
  assert.equal(
    nameOfShown({ role: "tool", content: "[Cloister] Picture that the user shows: x" }),
    undefined,
  );
});
