/** What a person may choose for a session in an editor: its mode and its model ("Session Config Options", "Session Modes"). */
import type { Mode } from "@cloister/agent";
import { CloisterError, type JsonObject } from "@cloister/base";

/** What a session may be put into by an editor. */
export const acpModes: readonly { readonly id: Mode; readonly name: string; readonly description: string }[] =
  [
    { id: "default", name: "Default", description: "asks before what leaves the cell or steers others" },
    { id: "acceptEdits", name: "Accept edits", description: "edits of the project are not asked about" },
    { id: "plan", name: "Plan", description: "looks around and plans; changes nothing" },
  ];

export interface Choices {
  readonly mode: Mode;
  readonly model: string;
  /** Of the same server; the one in use may be missing. */
  readonly models: readonly { readonly id: string; readonly contextTokens?: number | undefined }[];
}

const MODELS_MAX = 200;

/** Modes twice: older editors know only the first of the two. */
export function choicesOf(choices: Choices): JsonObject {
  return { modes: modesOf(choices), configOptions: configOptionsOf(choices) };
}

export function configOptionsOf({ mode, model, models }: Choices): JsonObject[] {
  const others = models.filter(({ id }) => id !== model).slice(0, MODELS_MAX);
  const now = models.find(({ id }) => id === model) ?? { id: model };
  return [
    {
      ...{ id: "mode", name: "Mode", category: "mode", type: "select", currentValue: mode },
      options: modesBeside(mode).map(({ id, name, description }) => ({ value: id, name, description })),
    },
    {
      ...{ id: "model", name: "Model", category: "model", type: "select", currentValue: model },
      options: [now, ...others].map(({ id, contextTokens }) => ({
        value: id,
        name: id,
        description: contextTokens === undefined ? null : `${contextTokens} tokens`,
      })),
    },
  ];
}

function modesOf({ mode }: Pick<Choices, "mode">): JsonObject {
  return { currentModeId: mode, availableModes: [...modesBeside(mode)] };
}

/** A mode that only the command line gives is shown as long as it lasts, and is not to be had again. */
function modesBeside(mode: Mode): typeof acpModes {
  const isOffered = acpModes.some(({ id }) => id === mode);
  return isOffered ? acpModes : [...acpModes, { id: mode, name: mode, description: "" }];
}

/** @throws CloisterError `bad-mode` */
export function modeNamed(wanted: string): Mode {
  const known = acpModes.find(({ id }) => id === wanted);
  if (known !== undefined) return known.id;
  throw new CloisterError(`there is no mode "${wanted}"`, {
    code: "bad-mode",
    next: acpModes.map(({ id }) => id).join(", "),
  });
}
