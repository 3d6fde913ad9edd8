import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openModel, type Step } from "./attacks/model.ts";
import { cloister, createPlace } from "./harness.ts";

const FILES = 20;
const TURNS = 200;

/** Assembled here, so that no scanner takes this file for a leak. */
function secretOf(file: number): string {
  const letters = "4bQ9xT2mVw7Lr8Kc5Nd3Zf6HgJ1pYsAe";
  return [
    "sk",
    "live",
    `${letters.slice(file % 8)}${letters.slice(0, file % 8)}${file + 10}`.slice(-24),
  ].join("_");
}

function pathOf(file: number): string {
  return `config/shop-${file}.js`;
}

function textOf(file: number, count: number): string {
  return `export const name${file} = "shop";\nexport const apiKey${file} = "${secretOf(file)}";\nexport const count${file} = ${count};\n`;
}

/** Reads each file, then changes the line below its secret, copying the placeholder; and again from the start. */
function nextStep(shown: string, number: number): Step {
  if (number >= TURNS) return "Counted.";
  const round = Math.floor(number / (2 * FILES));
  const file = Math.floor(number / 2) % FILES;
  if (number % 2 === 0) return { name: "Read", args: { file_path: pathOf(file) } };
  const line = new RegExp(String.raw`apiKey${file} = \\*"(CLS_[A-Z2-7]{8,}_[A-Z0-9]+)\\*"`).exec(shown);
  assert.ok(line !== null, `request ${number} shows no placeholder for file ${file}`);
  const text = (count: number): string =>
    `export const apiKey${file} = "${line[1]}";\nexport const count${file} = ${count};`;
  const args = { file_path: pathOf(file), old_string: text(round), new_string: text(round + 1) };
  return { name: "Edit", args };
}

test("in 200 turns over 20 files with secrets every request goes on from the one before, no secret leaves or is kept, and every file is whole", async () => {
  const files = Object.fromEntries(
    Array.from({ length: FILES }, (_, file) => [pathOf(file), textOf(file, 0)]),
  );
  using place = createPlace(files);
  await using model = await openModel(nextStep);
  const args = [
    "-p",
    "Count.",
    "--endpoint",
    model.url,
    "--output-format",
    "stream-json",
    "--max-turns",
    "300",
  ];
  const { code, stdout, stderr } = await cloister(place, args);
  assert.equal(code, 0, `${stdout.slice(-3000)}${stderr}`);
  assert.equal(model.shown.length, TURNS + 1);
  for (const [at, body] of model.shown.slice(1).entries()) {
    assert.ok(body.startsWith((model.shown[at] ?? "").slice(0, -2)), `request ${at + 2}`);
  }
  const kept = readdirSync(place.home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
  const everything = [...model.shown, stdout, stderr, ...kept].join("\n");
  for (let file = 0; file < FILES; file++) {
    assert.ok(!everything.includes(secretOf(file)), `the secret of ${pathOf(file)}`);
    assert.equal(readFileSync(join(place.project, pathOf(file)), "utf8"), textOf(file, TURNS / 2 / FILES));
  }
});
