/** The tour: the whole product on a small project, with a script in the place of the model. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { startRehearsal } from "@cloister/backend/rehearsal";
import { CloisterError } from "@cloister/base";
import { openCells, runInCell } from "@cloister/cell";
import { exposureReport, verifyLedger } from "@cloister/ledger";
import type { Arguments } from "../arguments.ts";
import { openHiddenFiles } from "../cell-hidden.ts";
import { commandCell, userFor } from "../command-cell.ts";
import { chooseEndpoint } from "../endpoint.ts";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { openExtensions } from "../extension/open.ts";
import { formatExposure } from "../print/exposure.ts";
import { runSession } from "../session.ts";
import type { TourWords } from "../words/type.ts";
import { wordsFor } from "../words/words.ts";
import { copyProject, type TourProject } from "./project.ts";
import { tourScript } from "./script.ts";
import { createStage, testSummary, type Stage } from "./show.ts";

/** Exit code 0 only when every step showed what it promised. */
export async function tour(
  args: Extract<Arguments, { command: "tour" }>,
  environment: Environment,
): Promise<number> {
  const words = wordsFor(args.lang ?? environment.lang).tour;
  const stage = createStage((text) => environment.stdout.write(text), environment.colour);
  const started = environment.clock.now();
  const base = mkdtempSync(join(environment.temporary, "cloister-tour-"));
  const interrupt = new AbortController();
  const ignore = environment.onInterrupt(() =>
    interrupt.abort(new CloisterError("interrupted", { code: "cancelled" })),
  );
  const scene: Scene = {
    stage,
    words,
    environment,
    base,
    ledger: join(base, "ledger"),
    signal: interrupt.signal,
  };
  try {
    stage.line(stage.paint("bold", words.title));
    stage.line(words.rehearsal);
    const project = showProject(scene);
    await showTests(scene, project, "failing");
    const sealed = await showAgent(scene, project);
    await showTests(scene, project, "passing");
    await showExposure(scene, project, sealed);
    await showVerified(scene);
    await showFlipped(scene);
    stage.line();
    stage.good(words.done(((environment.clock.now() - started) / 1000).toFixed(1)));
    stage.line(`\n${words.own}`);
    if (args.keep) stage.line(`\n${words.kept(base)}`);
    return exit.ok;
  } finally {
    ignore();
    if (!args.keep) rmSync(base, { recursive: true, force: true });
  }
}

interface Scene {
  readonly stage: Stage;
  readonly words: TourWords;
  readonly environment: Environment;
  readonly base: string;
  readonly ledger: string;
  readonly signal: AbortSignal;
}

function showProject({ stage, words, environment, base }: Scene): TourProject {
  const project = copyProject(environment.entry, join(base, "tidepool-shop"));
  stage.step(words.steps.project);
  stage.note(words.project(project.folder));
  stage.note(words.holds(project.keyFile));
  return project;
}

/** The tests are run as the agent's commands are: in a cell. */
async function showTests(scene: Scene, project: TourProject, expected: "failing" | "passing"): Promise<void> {
  const { stage, words, environment, signal } = scene;
  stage.step(words.steps[expected]);
  const cells = await openCells({
    tier: "bubblewrap",
    scratch: mkdtempSync(join(scene.base, "cell-")),
    architecture: environment.architecture,
    user: userFor(project.folder, environment),
  });
  try {
    const { view: bare, environment: variables } = commandCell(project.folder, environment);
    const view = { ...bare, hidden: openHiddenFiles(bare, {}).paths };
    const launch = {
      argv: ["node", "--test", "--test-reporter=tap"],
      directory: project.folder,
      environment: variables,
    };
    const limits = { timeoutMs: 60_000, outputBytesMax: 100_000 };
    const result = await runInCell(cells, view, launch, limits, signal);
    stage.output(testSummary(result.output));
    const passed = result.exitCode === 0;
    expect(
      passed === (expected === "passing"),
      `node --test ended with exit code ${result.exitCode}`,
      result.output,
    );
  } finally {
    cells.close();
  }
}

/** Returns the placeholder that the model saw in the place of the key. */
async function showAgent(scene: Scene, project: TourProject): Promise<string> {
  const { stage, words, environment, signal } = scene;
  stage.step(words.steps.agent);
  const rehearsal = await startRehearsal(tourScript(words.lines, project.key));
  try {
    const wishes = {
      endpoint: rehearsal.url,
      model: undefined,
      clearance: undefined,
      usualClearance: undefined,
      network: undefined,
    };
    const { ending } = await runSession(
      {
        workspace: project.folder,
        prompt: words.lines.prompt,
        chosen: await chooseEndpoint(wishes, environment, signal),
        tier: "bubblewrap",
        wishes: {},
        label: "internal",
        ledger: scene.ledger,
        turnsMax: 20,
        // The project's own words, and nothing of the person's who looks on.
        extensions: await openExtensions({ ...environment, home: scene.base }, project.folder),
        onEvent: (event) => {
          stage.event(event);
          if (event.kind === "result" && event.text.includes("unreachable")) stage.good(words.denied);
        },
        onTrouble: (trouble) => stage.bad(String(trouble)),
      },
      environment,
      signal,
    );
    expect(
      ending.outcome === "done",
      `the task ended as ${ending.outcome}`,
      ending.error?.message ?? rehearsal.failures.join("\n"),
    );
    const sent = Buffer.concat(rehearsal.requests.map(({ body }) => Buffer.from(body))).toString("utf8");
    expect(!sent.includes(project.key), "the key reached the model");
    return /CLS_[A-Z2-7]{8,}_[A-Z0-9]+/.exec(sent)?.[0] ?? "";
  } finally {
    await rehearsal.close();
  }
}

async function showExposure(scene: Scene, project: TourProject, sealed: string): Promise<void> {
  const { stage, words, ledger } = scene;
  stage.step(words.steps.exposure);
  stage.line(
    formatExposure(await exposureReport({ directory: ledger }), stage.paint)
      .trimEnd()
      .replaceAll(/^/gm, "   "),
  );
  const kept = readFileSync(join(project.folder, project.keyFile), "utf8").includes(project.key);
  expect(kept && sealed !== "", "the key in the file did not survive the edit");
  stage.good(words.sealed(sealed));
  stage.good(words.keyKept);
}

async function showVerified({ stage, words, ledger }: Scene): Promise<void> {
  stage.step(words.steps.verified);
  const verifierKey = readFileSync(join(ledger, "log", "key.pub"), "utf8").trim();
  const result = await verifyLedger({ directory: ledger, verifierKey });
  expect(result.kind === "intact", "the ledger does not verify");
  stage.note(
    `cloister ledger verify → ${stage.paint("green", "INTACT")}: ${result.entries} entries, ${result.checkpoints} signed checkpoints`,
  );
  stage.note(stage.paint("dim", `root ${result.root}`));
}

/** Once clumsily, and once by somebody who knows the format and mends the line's checksum too. */
async function showFlipped(scene: Scene): Promise<void> {
  const { stage, words, ledger, base } = scene;
  stage.step(words.steps.flipped);
  const altered = join(base, "ledger-altered");
  cpSync(ledger, altered, { recursive: true });
  const flip = flipOneByte(join(altered, "log", "wal"));
  for (const note of [words.altered(flip.offset, flip.from, flip.to), words.mended]) {
    stage.note(note);
    const result = await verifyLedger({ directory: altered });
    expect(result.kind === "broken" && result.entry !== undefined, "the change was not found");
    const verdict = stage.paint("red", `ALTERED at entry ${result.entry}`);
    stage.note(`cloister ledger verify → ${verdict}: ${result.cause}`);
    flip.mendChecksum();
  }
}

interface Flip {
  readonly offset: number;
  readonly from: string;
  readonly to: string;
  mendChecksum(): void;
}

/** In the clearance of an exposure: the kind of byte that somebody would want to change. */
function flipOneByte(folder: string): Flip {
  const segment = readdirSync(folder).toSorted()[0];
  expect(segment !== undefined, "the ledger is empty");
  const path = join(folder, segment);
  const bytes = readFileSync(path);
  const offset = bytes.indexOf('"clearance":"core"') + '"clearance":"'.length;
  const from = String.fromCharCode(bytes[offset] ?? 0);
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  return {
    offset,
    from,
    to: String.fromCharCode(bytes[offset] ?? 0),
    mendChecksum: () => {
      // A line is `E <crc32 of the body, eight hex digits> <body>`.
      const start = bytes.lastIndexOf("\n", offset) + 1;
      const body = bytes.subarray(start + 11, bytes.indexOf("\n", offset));
      bytes.write(crc32(body).toString(16).padStart(8, "0"), start + 2);
      writeFileSync(path, bytes);
    },
  };
}

function expect(condition: boolean, what: string, detail = ""): asserts condition {
  if (condition) return;
  throw new CloisterError(`the tour went wrong: ${what}${detail === "" ? "" : `\n${detail}`}`, {
    code: "tour-failed",
    next: "please report it with this output",
  });
}
