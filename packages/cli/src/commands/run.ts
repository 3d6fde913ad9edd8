/** `cloister -p`: one task, headless. */
import { join } from "node:path";
import { clearanceOf, recordContact } from "@cloister/airlock";
import { warmsByDefault } from "@cloister/airlock";
import { CloisterError, formatError } from "@cloister/base";
import { openLedger } from "@cloister/ledger";
import type { Probe } from "@cloister/backend";
import type { Tier } from "@cloister/cell";
import type { Label, Policy } from "@cloister/policy";
import type { RunArguments } from "../run-arguments.ts";
import { formatFinding } from "../cell-findings.ts";
import { joinWishes } from "../cell-wishes.ts";
import { chooseEndpoint, type ChosenEndpoint } from "../endpoint.ts";
import { accessTo } from "../endpoint-access.ts";
import { chooseFirst } from "../endpoint-fallback.ts";
import type { AgentHandle } from "../agent-host.ts";
import type { Environment } from "../environment.ts";
import { foldersToShow } from "../extension/bring.ts";
import { noticesOf, openExtensions, type OpenedExtensions } from "../extension/open.ts";
import { driveFromInput } from "../stream-input.ts";
import { isModelFile } from "../embedded-model.ts";
import { exit } from "../exit.ts";
import { createPrinter } from "../print/formats.ts";
import { createLinePrompt } from "../permissions/ask-by-lines.ts";
import { openBinding } from "../policy/binding.ts";
import { readDeclassified } from "../policy/declassified.ts";
import { planForRun } from "../mcp/plan.ts";
import { planOtherModels } from "../other-models.ts";
import { runSession } from "../session.ts";
import { mayUseProxy } from "../cell-dial.ts";
import { reviewWish } from "../session-review.ts";
import { checkPrice, toSessionOptions } from "../run-options.ts";
import { goOnText, openForRun } from "../sessions/open-for-run.ts";
import { worktreeFolders } from "../sessions/worktree-places.ts";
import type { RunScreen } from "../screen/run-screen.ts";
import { visible } from "../print/style.ts";
import { readSettings } from "../settings.ts";
import { checkWorkspace } from "../command-cell.ts";

/** With a screen, a person is there: it shows and says everything, and nothing is read or printed here. */
export async function run(args: RunArguments, environment: Environment, screen?: RunScreen): Promise<number> {
  // First of all: with a policy that does not count nothing is even asked.
  const binding = await openBinding(environment);
  const settings = readSettings(environment.home);
  // A folder that is no project is refused before any server hears of it.
  checkWorkspace(environment.directory, environment.home);
  const tier = binding.tier(args.tier ?? settings.cell?.tier);
  const declassified = readDeclassified(args.declassify, environment);
  binding.checkDeclassify(declassified);
  // A screen's questions reach a person; elsewhere nobody answers them.
  const options = { ...toSessionOptions(args), isAttended: screen?.approve !== undefined };
  const isConversation = args.inputFormat === "stream-json" || screen !== undefined;
  const input = isConversation ? "" : await readInput(environment.stdin);
  const goesOn = args.session.from !== "new";
  const said = joinInput(args.prompt, input);
  const prompt = said.trim() === "" && goesOn && !isConversation ? goOnText : said;
  if (prompt.trim() === "" && !isConversation) {
    throw new CloisterError("there is no task", { code: "usage", next: 'cloister -p "what to do"' });
  }
  const pictures =
    args.images.length === 0
      ? []
      : await (
          await import("../pictures.ts")
        ).openImages(args.images, {
          workspace: environment.directory,
          home: environment.home,
        });
  const interrupt = new AbortController();
  const ignore = environment.onInterrupt(() =>
    interrupt.abort(new CloisterError("interrupted", { code: "cancelled" })),
  );
  try {
    // A model's own file, named for this run, needs no endpoint.
    const asked = args.endpoint ?? (isModelFile(args.model) ? undefined : settings.endpoint);
    const endpoint = binding.text("endpoint", asked);
    if (endpoint !== undefined) binding.checkEndpoint(endpoint);
    await using stack = new AsyncDisposableStack();
    // To ask a server which models it has is to send it something, and that is on record before it happens.
    const ledger = await openLedger({
      directory: args.ledger ?? ledgerDirectory(environment),
      clock: environment.clock,
    });
    stack.defer(() => ledger.close());
    const access = accessTo(endpoint, settings, environment);
    const wishes = {
      onProbe: (probe: Probe) => recordContact(ledger, probe),
      endpoint,
      model: binding.text("model", args.model ?? settings.model),
      clearance: args.clearance,
      vision: settings.vision,
      contextTokens: args.contextTokens ?? access.contextTokens,
      timeoutSeconds: settings.timeoutSeconds,
      // It was given to the endpoint beside it, and to no other.
      network: access.network,
      usualClearance: access.clearance,
    };
    checkPrice(args, access.price);
    const plan = planOtherModels(settings.endpoints, binding, args.fallbacks ?? settings.fallbacks);
    const lost = (args.fallbacks ?? settings.fallbacks ?? []).length - (plan?.fallbacks.length ?? 0);
    if (lost > 0) {
      environment.stderr.write("cloister: nobody to fall back to: the policy names the one model\n");
    }
    const given = screen?.choose?.();
    const start =
      given === undefined
        ? await chooseFirst({
            ...{ wishes, access, fallbacks: plan?.fallbacks ?? [], named: plan?.named ?? [] },
            accessTo: ({ url }) => {
              plan?.check(url);
              // The session's own key was given to its own endpoint.
              return accessTo(url, settings, { ...environment, apiKey: undefined });
            },
            choose: (wished, { apiKey }) =>
              chooseEndpoint(wished, { ...environment, apiKey }, interrupt.signal),
            tell: (text) => void environment.stderr.write(`cloister: ${visible(text)}\n`),
          })
        : // Who stands in a model's place is not to be replaced by one.
          { chosen: given, access, fallbacks: [] };
    const { chosen } = start;
    const { price } = start.access;
    // Of another one than the price that was looked at first.
    checkPrice(args, price);
    const onTrouble = (trouble: unknown): void =>
      void environment.stderr.write(`cloister: ${formatError(trouble)}\n`);
    const asks = binding.label(args.label, settings.label);
    await using saved = openForRun(
      {
        flags: args.session,
        workspace: checkWorkspace(environment.directory, environment.home),
        label: asks,
        keepDays: settings.sessions?.keepDays,
        onTrouble,
      },
      environment,
    );
    if (goesOn && saved !== undefined) await screen?.goesOn?.(saved.story);
    const label = saved?.label ?? asks;
    const worktree = worktreeFolders(environment.directory, environment.home);
    const readBrought = (): Promise<OpenedExtensions> =>
      openExtensions(environment, checkWorkspace(environment.directory, environment.home), {
        show: [...(settings.cell?.wishes.show ?? []), ...args.show],
        allowsHooks: binding.flag("hooks", undefined) !== false,
      });
    let extensions = await readBrought();
    if ((await screen?.bring?.(extensions)) === true) {
      extensions = await readBrought();
      await screen?.bring?.(extensions);
    }
    // A screen tells once, in its own words, what it was not allowed to load.
    const told = screen === undefined ? undefined : extensions.skippedLine;
    for (const line of noticesOf(extensions)) {
      if (line !== told) environment.stderr.write(`cloister: ${visible(line)}\n`);
    }
    const held = { tier, label, policy: binding.session.policy };
    if (screen === undefined) environment.stderr.write(visible(describe(tier, chosen, held)));
    else screen.begin(chosen, held);
    const printer =
      screen?.printer ?? createPrinter(args.format, environment, chosen, tier, isConversation, saved?.id);
    const asking = args.permissions.asksByLines
      ? createLinePrompt((line) => printer.respond?.(line))
      : undefined;
    const drive = (agent: AgentHandle): void => {
      if (prompt.trim() !== "") agent.send({ text: prompt, pictures });
      const ended = driveFromInput(environment.stdin, agent, (line) => printer.respond?.(line), asking);
      ended.catch((error: unknown) => environment.stderr.write(`cloister: ${formatError(error)}\n`));
    };
    const outcome = await runSession(
      {
        workspace: environment.directory,
        ...{ prompt, pictures },
        chosen,
        ...(plan === undefined ? {} : { others: { ...plan, fallbacks: start.fallbacks } }),
        tier,
        wishes: binding.wishes(
          joinWishes(settings.cell?.wishes ?? {}, {
            ...{ show: args.show, allow: args.allowHosts },
            read: [...foldersToShow(extensions), ...worktree.read],
            write: worktree.write,
          }),
          environment.directory,
        ),
        label,
        policy: binding.session,
        declassified,
        ledger,
        ...reviewWish(args, settings, binding),
        allowsProxy: mayUseProxy(binding),
        turnsMax: args.turnsMax,
        options: { ...options, ...(price === undefined ? {} : { price }) },
        ...(isConversation ? { drive: screen?.drive ?? drive } : {}),
        ...(screen === undefined ? {} : { onOpen: screen.onOpen }),
        ...(screen?.approve === undefined ? {} : { approve: screen.approve }),
        warmUp:
          prompt.trim() === "" &&
          screen?.choose === undefined &&
          (binding.flag("warm-up", settings.warmUp) ?? warmsByDefault(chosen.endpoint)),
        calls: args.calls,
        permissions: {
          ...(args.permissions.mode === undefined ? {} : { mode: args.permissions.mode }),
          ...(settings.permissions === undefined ? {} : { settings: settings.permissions }),
          imported: extensions.chosen.permissions,
        },
        extensions,
        mcp: planForRun(
          [...extensions.chosen.mcpServers, ...(screen?.servers ?? [])],
          binding.session.policy,
          environment,
        ),
        lsp: settings.lsp !== false,
        ...(settings.network === undefined ? {} : { network: settings.network }),
        ...(asking === undefined ? {} : { approve: asking.approve }),
        ...(saved === undefined ? {} : { saved }),
        onEvent: printer.event,
        onTrouble,
        onFinding: (finding) => environment.stderr.write(`cloister: ${formatFinding(finding)}\n`),
      },
      environment,
      interrupt.signal,
    );
    printer.end(outcome);
    if (outcome.ending.outcome === "cancelled") return exit.cancelled;
    const isReached = outcome.goal?.isReached !== false;
    const isDone = outcome.ending.outcome === "done" && isReached && outcome.overlay?.isWhole() !== false;
    return isDone ? exit.ok : exit.failed;
  } finally {
    ignore();
  }
}

export function ledgerDirectory(environment: Environment): string {
  return join(environment.home, ".cloister", "ledger");
}

/** One line before anything is sent: who will see what, and how the agent is held. */
function describe(
  tier: Tier,
  chosen: ChosenEndpoint,
  { label, policy }: { readonly label: Label; readonly policy: Policy },
): string {
  const window = chosen.contextTokens === undefined ? "window unknown" : `${chosen.contextTokens} tokens`;
  const found = chosen.found ? ` (found: ${chosen.server})` : "";
  const cell = tier === "none" ? "NONE: the agent and its commands run unconfined" : "bubblewrap";
  return (
    `cloister: ${chosen.model} at ${chosen.endpoint.url}${found}, ${window}, cleared for ${clearanceOf(policy, chosen.endpoint) ?? "nothing"}; ` +
    `workspace ${label}; cell ${cell}\n`
  );
}

const INPUT_BYTES_MAX = 10 * 1024 * 1024;

/** What was piped in, as extra input. A terminal is not waited for. */
async function readInput(stdin: NodeJS.ReadStream): Promise<string> {
  if (stdin.isTTY) return "";
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > INPUT_BYTES_MAX) {
      throw new CloisterError("the input is longer than 10 MB", {
        code: "input-too-long",
        next: "put it into a file and name the file",
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function joinInput(prompt: string, input: string): string {
  return input.trim() === "" ? prompt : `${prompt}\n\n${input}`;
}
