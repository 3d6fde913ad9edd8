import type { Surrounding } from "../environment.ts";

/** Everything the product says to a person in the tour and beside its commands, in each language. */
export interface Words {
  readonly tour: TourWords;
  readonly quest: QuestWords;
  readonly wiki: WikiWords;
  readonly doctor: DoctorWords;
  readonly trust: TrustWords;
  readonly permissions: PermissionWords;
}

/** What a plugin may hold; `lost`: what is not taken over. */
export type PluginPart = "skill" | "command" | "subagent" | "hook" | "server" | "style" | "lost";

export interface PermissionWords {
  readonly mode: (mode: string) => string;
  readonly none: string;
  /** With nobody to be asked, what asks is refused. */
  readonly outcomes: Readonly<Record<"allow" | "ask" | "deny", string>>;
  readonly by: (rule: string) => string;
  readonly flag: (flag: string) => string;
  readonly passedOver: (rule: string, path: string, why: string) => string;
}

/** Of `cloister trust` and `cloister plugin`. */
export interface TrustWords {
  readonly nothing: string;
  readonly trusted: string;
  readonly wouldRun: string;
  readonly hasChanged: string;
  readonly added: string;
  readonly removed: string;
  readonly changed: string;
  readonly losses: string;
  readonly question: (count: string) => string;
  readonly allowed: (count: string) => string;
  readonly notAllowed: string;
  readonly forgotten: string;
  readonly plugin: {
    readonly none: string;
    /** Of one that a marketplace offers and that would have to be fetched. */
    readonly elsewhere: string;
    readonly added: (name: string, what: string) => string;
    /** There was one of that name. */
    readonly replaced: (name: string, what: string) => string;
    readonly removed: (name: string) => string;
    readonly part: (part: PluginPart, count: number) => string;
    /** It holds none of them. */
    readonly nothing: string;
  };
}

export interface QuestWords {
  readonly none: string;
  readonly begins: (name: string, folder: string) => string;
  readonly writing: (document: QuestDocument) => string;
  readonly approve: (document: QuestDocument, path: string) => string;
  readonly task: (number: number, of: number, title: string) => string;
  readonly checked: (command: string, passed: boolean) => string;
  readonly taskDone: (title: string) => string;
  readonly done: (tasks: number) => string;
  readonly waits: (path: string, name: string) => string;
  readonly stuck: (what: string, why: string, name: string) => string;
}

export type QuestDocument = "requirements" | "design" | "tasks";

export interface WikiWords {
  readonly fresh: string;
  readonly plan: (pages: number, changed: number) => string;
  readonly page: (number: number, of: number, name: string) => string;
  readonly failed: (page: string, why: string, written: number) => string;
  readonly done: (
    outcome: { readonly written: number; readonly removed: number; readonly pages: number },
    folder: string,
  ) => string;
}

export interface DoctorWords {
  readonly whole: string;
  readonly lesser: (tier: string) => string;
  readonly none: string;
  readonly optional: string;
  /** What to do in each kind of place where a cell is often hard to have. */
  readonly places: Readonly<Record<Surrounding, string>>;
}

export interface TourWords {
  readonly title: string;
  readonly rehearsal: string;
  readonly steps: {
    readonly project: string;
    readonly failing: string;
    readonly agent: string;
    readonly passing: string;
    readonly exposure: string;
    readonly verified: string;
    readonly flipped: string;
  };
  /** What the script lets the model say. */
  readonly lines: {
    readonly prompt: string;
    readonly look: string;
    readonly cart: string;
    readonly settings: string;
    readonly steal: string;
    readonly check: string;
    readonly done: string;
  };
  readonly project: (folder: string) => string;
  readonly holds: (file: string) => string;
  readonly denied: string;
  readonly sealed: (placeholder: string) => string;
  readonly keyKept: string;
  readonly altered: (offset: number, from: string, to: string) => string;
  readonly mended: string;
  readonly done: (seconds: string) => string;
  readonly own: string;
  readonly kept: (folder: string) => string;
}
