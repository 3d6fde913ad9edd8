/** `cloister cell doctor`: what kind of cell this machine can hold, found out by trying, and what would help. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { examineHost, type HostCheck, type HostExamination } from "@cloister/cell";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { createPaint, visible, type Paint } from "../print/style.ts";
import type { DoctorWords } from "../words/type.ts";
import { wordsFor } from "../words/words.ts";

/** Exit code 0 only where the whole cell can be had. */
export async function cellDoctor(
  args: { readonly json: boolean },
  environment: Environment,
): Promise<number> {
  const { stdout, surroundings, user } = environment;
  const scratch = mkdtempSync(join(environment.temporary, "cloister-"));
  let found: HostExamination;
  try {
    const { architecture, platform } = environment;
    found = await examineHost({ scratch, architecture, platform, user });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  if (args.json) stdout.write(`${JSON.stringify({ ...found, surroundings }, null, 2)}\n`);
  else {
    const words = wordsFor(environment.lang).doctor;
    const paint = createPaint(environment.colour);
    stdout.write(found.checks.map((check) => formatCheck(check, paint, words)).join(""));
    stdout.write(`\n${verdict(found, paint, words)}\n`);
    // Advice for the place, only where it is needed.
    const places = found.tier === "bubblewrap" ? [] : surroundings;
    stdout.write(places.map((place) => `\n${words.places[place]}\n`).join(""));
  }
  return found.tier === "bubblewrap" ? exit.ok : exit.failed;
}

const NAME_WIDTH = 22;

function formatCheck(check: HostCheck, paint: Paint, words: DoctorWords): string {
  const mark = check.ok ? paint("green", "✓") : check.isRequired ? paint("red", "✗") : paint("yellow", "–");
  const note = check.ok || check.isRequired ? "" : ` ${paint("dim", `(${words.optional})`)}`;
  const indent = " ".repeat(NAME_WIDTH + 4);
  const fix =
    check.ok || check.fix === undefined ? "" : `${indent}${paint("cyan", `→ ${visible(check.fix)}`)}\n`;
  return `  ${mark} ${check.name.padEnd(NAME_WIDTH)}${visible(check.detail)}${note}\n${fix}`;
}

function verdict({ tier }: HostExamination, paint: Paint, words: DoctorWords): string {
  if (tier === "bubblewrap") return paint(["bold", "green"], words.whole);
  return tier === "none" ? paint(["bold", "red"], words.none) : paint(["bold", "yellow"], words.lesser(tier));
}
