/** One session of an editor. What changes it as a whole, such as another model, begins its run anew behind it. */
import type { Ending, Mode } from "@cloister/agent";
import type { McpServer } from "@cloister/agent/extensions";
import { CloisterError } from "@cloister/base";
import { checkWorkspace } from "../command-cell.ts";
import { goingOnWith, newSession } from "../screen/going-on.ts";
import { openAcpRun, type AcpRun, type AcpRunOptions } from "./acp-run.ts";
import { holdingAsked } from "./asking.ts";
import { askServers, askTrust, type Asker } from "./before-first.ts";
import { modeNamed, type Choices } from "./config-options.ts";
import { openServerApprovals } from "./editor-servers.ts";
import type { SaidBlocks } from "./prompt-blocks.ts";

export interface AcpSessionOptions extends Omit<AcpRunOptions, "onMode"> {
  readonly id: string;
  /** It goes on with what was said before. */
  readonly isKnown: boolean;
  /** That the editor brings, approved or not yet. */
  readonly servers: readonly McpServer[];
  /** Something that a person may choose has changed. */
  readonly onChange: (choices: Choices) => void;
}

export interface AcpSession {
  readonly choices: Choices;
  /**
   * Resolves when what was said is worked off.
   * @throws CloisterError `session-busy`, and what ended the session
   */
  prompt(said: SaidBlocks): Promise<Ending>;
  cancel(): void;
  /** @throws CloisterError `bad-mode`, and as the policy forbids it */
  setMode(mode: string): void;
  /** The conversation goes on with it. @throws CloisterError `session-busy`, `bad-model`, and as a run cannot begin with it */
  setModel(model: string): Promise<void>;
  /** Resolves when nothing of it is left. */
  close(): Promise<void>;
}

const cancelled: Ending = {
  ...{ outcome: "cancelled", text: "", turns: 0 },
  usage: { promptTokens: 0, cachedTokens: 0, completionTokens: 0 },
};

export async function openAcpSession(options: AcpSessionOptions): Promise<AcpSession> {
  const { id, environment, gone } = options;
  // Over all of its runs: what is asked first must not be talked over by an agent that is there already.
  const { choose, update } = holdingAsked(options);
  const workspace = checkWorkspace(environment.directory, environment.home);
  const approvals = openServerApprovals(environment.home, environment.user);
  let { args } = options;
  let servers = options.servers.filter((server) => approvals.has(server, workspace));
  let hasMessages = options.isKnown;
  let isFirst = true;
  let isBusy = false;
  let isClosed = false;
  let isOpen = false;
  let breaking = new AbortController();

  const begin = (wanted?: Mode): Promise<AcpRun> =>
    openAcpRun({
      ...{ environment, choose, gone, servers, update },
      args: {
        ...args,
        session: hasMessages ? goingOnWith(id) : { ...newSession({ isSaved: true }), id },
        ...(wanted === undefined ? {} : { permissions: { ...args.permissions, mode: wanted } }),
      },
      // What it begins with is in the answer to the editor.
      onMode: () => {
        if (isOpen) options.onChange(choices());
      },
    });
  let run = await begin();
  isOpen = true;
  const choices = (): Choices => {
    const model = run.chosen?.model ?? args.model ?? "";
    return { mode: run.mode, model, models: run.chosen?.models ?? [] };
  };
  /** The same conversation, from its beginning. */
  const beginAnew = async (): Promise<void> => {
    const { mode } = run;
    hasMessages ||= run.hasMessages;
    await run.close();
    run = await begin(mode);
    if (isClosed) await run.close();
    else options.onChange(choices());
  };
  const busy = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isClosed) throw new CloisterError("the session is closed", { code: "session-over" });
    if (isBusy) {
      throw new CloisterError("this session is at work already", {
        code: "session-busy",
        next: "wait for it, or send session/cancel",
      });
    }
    isBusy = true;
    breaking = new AbortController();
    try {
      return await work();
    } finally {
      isBusy = false;
    }
  };
  /** Until now the editor did not know the session, and could ask nobody. */
  const askFirst = async (): Promise<void> => {
    const asker: Asker = { environment, workspace, choose, signal: breaking.signal };
    const opened = run.extensions;
    const shown = async (): Promise<string> => {
      const { trustText } = await import("../screen/commands/trust.ts");
      return opened === undefined ? "" : trustText(opened, workspace, environment.lang).join("\n");
    };
    const isTrusted = opened !== undefined && (await askTrust(opened, shown, asker));
    const allowed = await askServers(options.servers, asker);
    const isMore = allowed.length > servers.length;
    servers = [...allowed];
    if (isTrusted || isMore) await beginAnew();
    // Who broke it off may say another time what they think of it.
    isFirst = breaking.signal.aborted;
  };

  return {
    get choices() {
      return choices();
    },
    prompt: (said) =>
      busy(async () => {
        if (isFirst) await askFirst();
        // An agent that died said so where it did; what was said before is saved.
        if (run.over !== undefined) await beginAnew();
        if (breaking.signal.aborted) return cancelled;
        return await run.say(said);
      }),
    cancel() {
      breaking.abort(new Error("cancelled"));
      run.cancel();
    },
    setMode(wanted) {
      run.setMode(modeNamed(wanted));
      options.onChange(choices());
    },
    setModel: (model) =>
      busy(async () => {
        const { models, model: now } = choices();
        if (model === now) return;
        if (!models.some((each) => each.id === model)) {
          const next = models.map((each) => each.id).join(", ");
          throw new CloisterError(`there is no model "${model}" here`, { code: "bad-model", next });
        }
        const before = args;
        args = { ...args, model };
        try {
          await beginAnew();
        } catch (error) {
          args = before;
          run = await begin();
          throw error;
        }
      }),
    async close() {
      isClosed = true;
      breaking.abort(new Error("closed"));
      await run.close();
    },
  };
}
