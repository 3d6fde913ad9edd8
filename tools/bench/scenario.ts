// What every agent is made to do, whatever it calls its tools: `calls.ts` says it in the words of those that it offers.

export type ScenarioName = "S1" | "S2" | "S3";

export interface Scenario {
  readonly name: ScenarioName;
  readonly title: string;
  readonly turns: number;
}

export const firstScenario: Scenario = { name: "S1", title: "one turn", turns: 1 };
export const scenarios: readonly Scenario[] = [
  firstScenario,
  { name: "S2", title: "30 tool calls: 8 read, 8 search, 7 edit, 7 run", turns: 31 },
  { name: "S3", title: "200 turns", turns: 200 },
];

export const prompt = "Look around in this project and say what you found.";
export const lastWords = "Looked at everything.";

/** `shows` is what only somebody who did it can know; paths are relative to the project. */
export type Step =
  | {
      readonly kind: "read";
      readonly path: string;
      readonly from: number;
      readonly lines: number;
      readonly shows: string;
    }
  | { readonly kind: "search"; readonly pattern: string; readonly path: string; readonly shows: string }
  | {
      readonly kind: "edit";
      readonly path: string;
      readonly old: string;
      readonly now: string;
      readonly shows: string;
    }
  | { readonly kind: "run"; readonly command: string; readonly shows: string };

const MODULES = 40;
const LINES = 60;
const CALLS = 30;

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

/** Each turn checks the result of the step before it, so that nobody is measured doing nothing. */
export function stepsOf(scenario: ScenarioName): Step[] {
  switch (scenario) {
    case "S1":
      return [];
    case "S2":
      return Array.from({ length: Math.ceil(CALLS / 4) }, (_, module): Step[] => {
        const [path, other] = [pathOf(module), MODULES / 2 + module];
        return [
          { kind: "read", path, from: 1, lines: LINES, shows: marker(module, LINES) },
          // Whoever found nothing may repeat the pattern, whose last character is not part of a hit.
          { kind: "search", pattern: `${marker(other, 7)}$`, path: "src", shows: marker(other, 7) },
          // What an edit answers differs; the command after it shows whether it was made.
          { kind: "edit", path, old: marker(module, LINES), now: edited(module), shows: "" },
          { kind: "run", command: `tail -n 1 ${path}`, shows: edited(module) },
        ];
      })
        .flat()
        .slice(0, CALLS);
    case "S3":
      return Array.from({ length: 199 }, (_, index): Step => {
        const [module, from] = [index % MODULES, 1 + (index % (LINES - 3))];
        // Some count lines from 0 and some from 1: this one both show.
        return { kind: "read", path: pathOf(module), from, lines: 3, shows: marker(module, from + 1) };
      });
  }
}

function pathOf(module: number): string {
  return `src/module-${module}.ts`;
}

function marker(module: number, line: number): string {
  return `mark-${module}-${line}`;
}

function edited(module: number): string {
  return `seen-${module}`;
}
