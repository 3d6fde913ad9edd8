/** All that is said of calls before a session begins: flags, settings, the person's own file, imported settings, policy. */
import type { Approve, JudgementOptions } from "@cloister/airlock";
import type { ChosenExtensions } from "@cloister/agent/extensions";
import type { Tier } from "@cloister/cell";
import { joinRules, type PermissionMode, type PermissionRules, type Policy } from "@cloister/policy";
import { toPermissionRules, type ImportedRules } from "./imported.ts";
import { firstMode, modesUnder, type ModeWish, type WhyNotMode } from "./modes.ts";
import { addToOwnFile, readOwnFile } from "./own-file.ts";
import { bypassIn, flagRules, type CallFlags, type OwnPermissionSettings } from "./read-permissions.ts";

export interface PermissionWishes {
  readonly flags?: CallFlags;
  /** `--permission-mode`. */
  readonly mode?: PermissionMode;
  /** Of `~/.cloister/settings.json`. */
  readonly settings?: OwnPermissionSettings;
  /** Of other agents' settings. */
  readonly imported?: ChosenExtensions["permissions"];
  /** Where in its file a rule stands, for who looks for it. */
  readonly lineOf?: (path: string, rule: string) => number | undefined;
  readonly approve?: Approve;
  /** The mode that a saved session was in, as its agent said: believed where it is a strict one. */
  readonly resumed?: PermissionMode;
}

export interface PermissionPlace {
  readonly policy: Policy;
  readonly home: string;
  readonly workspace: string;
  readonly tier: Tier;
}

export interface SessionPermissions {
  readonly judgement: JudgementOptions;
  readonly mode: PermissionMode;
  readonly whyNotMode: WhyNotMode;
  /** Rules of other agents that could not be taken over. */
  readonly problems: ImportedRules["problems"];
}

/** @throws CloisterError `usage`, `bad-permissions`, `bypass-forbidden`, `forbidden-by-policy` */
export async function openPermissions(
  wishes: PermissionWishes,
  place: PermissionPlace,
): Promise<SessionPermissions> {
  const { settings, approve } = wishes;
  const { policy, home, workspace, tier } = place;
  const imported = toPermissionRules(wishes.imported ?? [], wishes.lineOf);
  const whyNotMode = modesUnder(policy, [...(settings?.forbidden ?? []), ...imported.forbidden]);
  const mode = firstMode(policy, modeWishes(wishes, imported), whyNotMode);
  const rules = await rulesInForce(wishes, imported, place);
  // Without a cell nothing bounds what no rule speaks of.
  const askFor = settings?.askFor ?? (tier === "none" && approve !== undefined ? "all" : "guarded");
  return {
    judgement: {
      rules,
      mode,
      askFor,
      home,
      opened: [...(settings?.opened ?? []), ...imported.opened],
      ...(approve === undefined ? {} : { approve }),
      store: (word) => addToOwnFile(home, workspace, word),
    },
    mode,
    whyNotMode,
    problems: imported.problems,
  };
}

/** For clients of which nothing but the run's flags is known. @throws CloisterError `usage`, `bypass-forbidden` */
export function flagJudgement(
  flags: CallFlags,
  { policy, home }: Pick<PermissionPlace, "policy" | "home">,
): JudgementOptions {
  const wishes = modeWishes({ flags }, undefined);
  return { rules: ruledFlags(flags), mode: firstMode(policy, wishes, modesUnder(policy, [])), home };
}

async function rulesInForce(
  { flags = { allow: [], deny: [] }, settings }: PermissionWishes,
  imported: ImportedRules,
  { home, workspace }: PermissionPlace,
): Promise<PermissionRules> {
  const own = await readOwnFile(home, workspace);
  const ofSettings = settings === undefined ? [] : [settings.rules];
  return joinRules(ruledFlags(flags), own, ...ofSettings, imported.rules);
}

function ruledFlags({ allow, deny }: CallFlags): PermissionRules {
  return flagRules({ allow: allow.filter((text) => bypassIn({ allow: [text], deny }) === undefined), deny });
}

/** What a person says now goes before what a file says. */
function modeWishes(
  { flags, mode, settings, resumed }: PermissionWishes,
  imported: Pick<ImportedRules, "mode"> | undefined,
): ModeWish[] {
  const bypass = flags === undefined ? undefined : bypassIn(flags);
  return [
    ...(mode === undefined ? [] : [{ mode, said: `--permission-mode ${mode}` }]),
    ...(bypass === undefined ? [] : [{ mode: "bypass" as const, said: `--allow '${bypass}'` }]),
    ...(resumed === "plan" || resumed === "dontAsk" ? [{ mode: resumed, said: undefined }] : []),
    ...(settings?.mode === undefined ? [] : [{ mode: settings.mode, said: undefined }]),
    ...(imported?.mode === undefined ? [] : [{ mode: imported.mode, said: undefined }]),
  ];
}
