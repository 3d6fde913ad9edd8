/** What a person said about calls: before the run, by rules and a mode, or when asked during it. */
import type { Json, JsonObject } from "@cloister/base";
import {
  isTrusted,
  joinRules,
  noRules,
  parseRules,
  type CodeFinding,
  type Effect,
  type FileEdit,
  type Integrity,
  type PermissionMode,
  type PermissionRules,
  type Places,
} from "@cloister/policy";
import type { Consult } from "./consult.ts";
import {
  flagThatAllows,
  permissionFor,
  rulesFor,
  type Permission,
  type RuledCall,
  type RulesInForce,
} from "./permission.ts";
import { toRealPath } from "./workspace-file.ts";

/** A call that needs a person's word, with what a person needs to answer. Nothing in it is left out or invisible. */
export interface Question {
  readonly tool: string;
  /** The whole command, the paths, a line each, or the address; what cannot be seen is written as its code point. */
  readonly text: string;
  readonly effect: Effect;
  /** What in the edit made it a question. */
  readonly findings: readonly (CodeFinding & { readonly path: string })[];
  readonly rule: string;
  readonly reason: string | undefined;
  /** Each file that would be changed, whole; what cannot be seen is in it as it is. */
  readonly edits: readonly FileEdit[];
  /** Of the workspace, which the command would run: "session" and "always" hold while their content stays. */
  readonly scripts: readonly string[];
  /** At most five rules that "always" may store; none: then it stores the exact call. */
  readonly suggestions: readonly string[];
  /** The call as the model wrote it, sealed. */
  readonly call: { readonly id: string; readonly name: string; readonly arguments: JsonObject };
}

/**
 * `session`: exactly this call, the content of its scripts among it, is not asked about again. `always`: neither is
 * what the suggested rules allow, here and in later sessions in this workspace; with a list, only those of them.
 */
export type Approval =
  | "once"
  | "session"
  | "always"
  | "no"
  | { readonly kind: "always"; readonly rules: readonly string[] }
  /** With words for the model. */
  | { readonly kind: "no"; readonly why: string };

/** A rejection counts as "no". */
export type Approve = (question: Question, signal: AbortSignal) => Promise<Approval>;

/** What "always" stores, for this workspace. */
export type StandingWord =
  | { readonly kind: "rules"; readonly rules: readonly string[] }
  /** The digest of the exact call, and the call for the person who reads the file. */
  | { readonly kind: "call"; readonly hash: string; readonly text: string };

export interface Approvals {
  /** Calls that needed a person's word. */
  readonly asked: number;
  readonly allowed: number;
  readonly denied: number;
}

export interface JudgementOptions {
  /** Of files and flags. `endorsed` turns a question into a yes, never a refusal; so does what is in `approved`. */
  readonly rules?: PermissionRules;
  /** Default `default`. */
  readonly mode?: PermissionMode;
  /** `all`: what no rule allows is asked where somebody is there, as other agents do. Default `guarded`. */
  readonly askFor?: "guarded" | "all";
  readonly home?: string;
  /** Folders opened beside the workspace. */
  readonly opened?: readonly string[];
  /** What a person said in an earlier process of the same session. */
  readonly remembered?: Remembered;
  /** Asks the person. Without it nobody is there, and what needs a word is refused. */
  readonly approve?: Approve;
  /** Writes down what a person said for all times. What it rejects with is trouble, and the word holds for the session. */
  readonly store?: (word: StandingWord) => Promise<void>;
}

/** Digests of calls: those that are not asked about again, and those that a person endorsed. */
export interface Remembered {
  readonly always: readonly string[];
  readonly admitted: readonly string[];
}

/** What is asked about in a call. */
export interface Doubt {
  readonly effect: Effect;
  readonly integrity: Integrity;
  /** Something in the text of an edit, which no rule on its path has seen. */
  readonly hasFindings: boolean;
}

/** Shared by all requests of a session. The keeper's: nothing in the agent's cell can change it. */
export interface Judgement {
  readonly approvals: Approvals;
  /** Undefined where nobody is there, or nothing may be asked. */
  readonly approve: Approve | undefined;
  readonly mode: PermissionMode;
  setMode(mode: PermissionMode): void;
  permit(call: RuledCall, workspace: string | undefined): Permission;
  /** The rule, or the earlier word, that answers the question about the call. */
  endorsedBy(permission: Permission, hash: string, doubt: Doubt): string | undefined;
  /** What "always" would store; none where a standing rule would not answer. */
  suggest(call: RuledCall, workspace: string | undefined): readonly string[];
  flagFor(call: RuledCall, workspace: string | undefined): string | undefined;
  rememberSession(hash: string): void;
  /** @throws what `store` throws */
  rememberAlways(word: StandingWord): Promise<void>;
  /** Takes note that a person endorsed this call. */
  admit(hash: string): void;
  isAdmitted(hash: string): boolean;
  /** For a later process of the same session. */
  readonly remembered: Remembered;
  count(outcome: "allowed" | "denied"): void;
  /** Whom to consult before a person is asked; nobody at first. */
  consult: Consult | undefined;
  /** Rules for as long as something is followed: a skill that brings its own. They stand beside those in files. */
  grant(rules: PermissionRules): void;
  /** The person said something new: what was followed is over. */
  endGrants(): void;
  /** Told of each skill that a call uses, once the call passed. */
  onSkill: ((name: string) => void) | undefined;
}

const REMEMBERED_MAX = 10_000;
/** Uses of skills between two messages of a person. */
const GRANTS_MAX = 20;

export function createJudgement(options: JudgementOptions = {}): Judgement {
  const { approve, askFor = "guarded", remembered, store } = options;
  let { rules = noRules, mode = "default" } = options;
  const always = new Set<string>(remembered?.always);
  const admitted = new Set<string>(remembered?.admitted);
  let granted = noRules;
  let grants = 0;
  let allowed = 0;
  let denied = 0;
  const inForce = (): RulesInForce => ({
    rules: granted === noRules ? rules : joinRules(rules, granted),
    mode,
    asksAll: askFor === "all" && approve !== undefined,
  });
  const placesIn = createPlaces(options);
  const remember = (set: Set<string>, hash: string): void => {
    if (set.size < REMEMBERED_MAX) set.add(hash);
  };
  return {
    get approvals() {
      return { asked: allowed + denied, allowed, denied };
    },
    get remembered() {
      return { always: [...always], admitted: [...admitted] };
    },
    get approve() {
      return mode === "dontAsk" ? undefined : approve;
    },
    get mode() {
      return mode;
    },
    setMode: (next) => {
      mode = next;
    },
    permit: (call, workspace) => permissionFor(inForce(), call, placesIn(workspace)),
    endorsedBy: (permission, hash, doubt) => {
      if (permission.word === "run") return permission.source.rule;
      if (permission.asksEachTime) return undefined;
      if (always.has(hash) || rules.approved.has(hash)) return "always";
      return permission.word === "standing" && isForeseen(permission, doubt)
        ? permission.source.rule
        : undefined;
    },
    suggest: (call, workspace) => rulesFor(inForce(), call, placesIn(workspace)),
    flagFor: (call, workspace) => flagThatAllows(inForce(), call, placesIn(workspace)),
    rememberSession: (hash) => remember(always, hash),
    rememberAlways: async (word) => {
      if (word.kind === "rules") {
        const added = parseRules(
          { allow: word.rules },
          { origin: "an answer of this session", isTrusted: true },
        );
        rules = joinRules(rules, added.rules);
      }
      await store?.(word);
    },
    admit: (hash) => remember(admitted, hash),
    isAdmitted: (hash) => admitted.has(hash),
    count: (outcome) => {
      if (outcome === "allowed") allowed += 1;
      else denied += 1;
    },
    consult: undefined,
    onSkill: undefined,
    grant: (more) => {
      grants += 1;
      if (grants <= GRANTS_MAX) granted = joinRules(granted, more);
    },
    endGrants: () => {
      granted = noRules;
      grants = 0;
    },
  };
}

/** A rule in a file speaks of what its writer could foresee: not of what an edit plants, nor of what was read since. */
export function isForeseen({ isWhole }: Pick<Permission, "isWhole">, doubt: Doubt): boolean {
  const { effect, integrity, hasFindings } = doubt;
  return !hasFindings && isTrusted(integrity, "workspace") && !(isWhole && effect === "persistent");
}

/** Links are followed once for each path of a call, and only where rules on paths look at it. */
function createPlaces({ home, opened = [] }: JudgementOptions): (workspace: string | undefined) => Places {
  return (workspace) => {
    // Of a foreign client nothing is known but what it says.
    if (workspace === undefined) return { workspace: "/", home };
    const known = new Map<string, string>([[workspace, workspace]]);
    const realPathOf = (path: string): string => {
      const real = known.get(path) ?? toRealPath(path) ?? path;
      known.set(path, real);
      return real;
    };
    return { workspace, home, opened, realPathOf };
  };
}

/** What of a call's arguments belongs to its identity: all, but of a command only what changes how it runs. */
export function identifying(tool: string, args: JsonObject): Readonly<Record<string, Json>> {
  if (tool !== "Bash") return args;
  return args["run_in_background"] === true ? { run_in_background: true } : {};
}
