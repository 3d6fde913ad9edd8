/** The real judge over a real session, without a model: what it says of one call. */
import type { JsonObject } from "@cloister/base";
import { parsePolicy, parseRules, type PermissionRules, type RuleLists } from "@cloister/policy";
import type { JudgementOptions, Question } from "../src/index.ts";
import { createCallJudge } from "../src/stages/judge.ts";
import { createWorld, type World, type WorldOptions } from "./world.ts";

export interface Judging extends AsyncDisposable {
  readonly world: World;
  readonly questions: readonly Question[];
  /** Why it was refused; undefined for a call that passes. */
  judge(name: string, args: JsonObject): Promise<string | undefined>;
  bash(command: string): Promise<string | undefined>;
}

export function rulesOf(lists: RuleLists, origin = "permissions.yaml:1"): PermissionRules {
  const { rules, problems } = parseRules(lists, { origin, isTrusted: true });
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return rules;
}

export async function startJudging(
  judgement: JudgementOptions,
  { policy, ...options }: Omit<WorldOptions, "policy"> & { readonly policy?: JsonObject } = {},
): Promise<Judging> {
  const parsed = parsePolicy({ version: 1, name: "house", ...policy });
  if (parsed.kind !== "policy") throw new Error(JSON.stringify(parsed));
  const questions: Question[] = [];
  const { approve } = judgement;
  const asking: JudgementOptions =
    approve === undefined
      ? judgement
      : {
          ...judgement,
          approve: (question, signal) => {
            questions.push(question);
            return approve(question, signal);
          },
        };
  const world = await createWorld({
    ...options,
    ...(policy === undefined ? {} : { policy: parsed.policy }),
    judgement: asking,
  });
  const judge: Judging["judge"] = async (name, args) => {
    const call = { id: "call", name, arguments: JSON.stringify(args) };
    const { session } = world;
    // What else is known of an attempt is no matter to the judge.
    const attempt = { session, intent: 0, signal: new AbortController().signal };
    const { refused } = await createCallJudge()(attempt as never, [{ kind: "call", call } as never]);
    return refused[0]?.detail;
  };
  return {
    world,
    questions,
    judge,
    bash: (command) => judge("Bash", { command }),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}
