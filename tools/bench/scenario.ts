// What every agent is made to do, told in the tool names that it knows.
import type { RehearsalScript, RehearsalTurn } from "@cloister/backend/rehearsal";
import type { JsonObject } from "@cloister/base";

export type ScenarioName = "S1" | "S2" | "S3";

/** How an agent calls the same three tools. */
export type ToolDialect = "cloister" | "pi";

export interface Scenario {
  readonly name: ScenarioName;
  readonly title: string;
  readonly turns: number;
}

export const scenarios: readonly Scenario[] = [
  { name: "S1", title: "one turn", turns: 1 },
  { name: "S2", title: "30 tool calls: 10 Read, 10 Grep, 10 Bash", turns: 31 },
  { name: "S3", title: "200 turns", turns: 200 },
];

export const prompt = "Look around in this project and say what you found.";
export const lastWords = "Looked at everything.";

const MODULES = 40;
const LINES = 60;
const CALLS_EACH = 10;

/** A project of 40 modules with 60 lines each. */
export function projectFiles(): ReadonlyMap<string, string> {
  const files = new Map([["README.md", "A project to measure with.\n"]]);
  for (let module = 0; module < MODULES; module++) {
    const lines = Array.from(
      { length: LINES },
      (_, line) => `export const value${line} = ${module * LINES + line}; // ${marker(module, line + 1)}`,
    );
    files.set(pathOf(module), `${lines.join("\n")}\n`);
  }
  return files;
}

/** Each turn expects the result of the call before it, so that nobody is measured doing nothing. */
export function scriptFor(scenario: ScenarioName, dialect: ToolDialect): RehearsalScript {
  const steps = stepsOf(scenario);
  const turns = steps.map((step, index): RehearsalTurn => {
    return { ...expectation(steps[index - 1]), calls: [toCall(step, dialect)] };
  });
  // Large enough that nobody starts to summarise.
  return { contextTokens: 262_144, turns: [...turns, { ...expectation(steps.at(-1)), text: lastWords }] };
}

type Step =
  | {
      readonly kind: "read";
      readonly path: string;
      readonly from: number;
      readonly lines: number;
      readonly shows: string;
    }
  | { readonly kind: "grep"; readonly pattern: string; readonly shows: string }
  | { readonly kind: "bash"; readonly command: string; readonly shows: string };

function stepsOf(scenario: ScenarioName): Step[] {
  switch (scenario) {
    case "S1":
      return [];
    case "S2":
      return Array.from({ length: CALLS_EACH }, (_, module): Step[] => [
        { kind: "read", path: pathOf(module), from: 1, lines: LINES, shows: marker(module, LINES) },
        {
          kind: "grep",
          pattern: `${marker(module + CALLS_EACH, 7)}$`,
          shows: marker(module + CALLS_EACH, 7),
        },
        { kind: "bash", command: `wc -l ${pathOf(module)}`, shows: `${LINES} ${pathOf(module)}` },
      ]).flat();
    case "S3":
      return Array.from({ length: 199 }, (_, index): Step => {
        const module = index % MODULES;
        const from = 1 + (index % LINES);
        return { kind: "read", path: pathOf(module), from, lines: 3, shows: marker(module, from) };
      });
  }
}

function expectation(before: Step | undefined): RehearsalTurn {
  return before === undefined
    ? {}
    : { expect: { lastMessageRole: "tool", lastMessageContains: [before.shows] } };
}

function toCall(step: Step, dialect: ToolDialect): { readonly name: string; readonly arguments: JsonObject } {
  const isPi = dialect === "pi";
  switch (step.kind) {
    case "read": {
      const { path, from: offset, lines: limit } = step;
      return isPi
        ? { name: "read", arguments: { path, offset, limit } }
        : { name: "Read", arguments: { file_path: path, offset, limit } };
    }
    case "grep":
      return isPi
        ? { name: "grep", arguments: { pattern: step.pattern, path: "src" } }
        : { name: "Grep", arguments: { pattern: step.pattern, path: "src", output_mode: "content" } };
    case "bash":
      return { name: isPi ? "bash" : "Bash", arguments: { command: step.command } };
  }
}

function pathOf(module: number): string {
  return `src/module-${module}.ts`;
}

function marker(module: number, line: number): string {
  return `mark-${module}-${line}`;
}
