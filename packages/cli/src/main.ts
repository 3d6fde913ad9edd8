/** The entry: reads the command line, loads only what the command needs, and turns the outcome into an exit code. */
import { CloisterError, firstError, formatError } from "@cloister/base";
import { parseArguments, type Arguments } from "./arguments.ts";
import { readEnvironment, type Environment } from "./environment.ts";
import { exitCodeOf } from "./exit.ts";
import { whyNoScreen } from "./screen/no-screen.ts";

async function main(args: Arguments, environment: Environment): Promise<number> {
  switch (args.command) {
    case "interactive": {
      const why = whyNoScreen(environment);
      if (why !== undefined) throw why;
      return await (await import("./commands/interactive.ts")).interactive(args, environment);
    }
    case "run":
      return args.session.worktree === undefined
        ? (await import("./commands/run.ts")).run(args, environment)
        : (await import("./commands/worktrees.ts")).runInWorktree(args, environment);
    case "versus":
      return (await import("./versus/versus.ts")).versus(args, environment);
    case "tour":
      return (await import("./tour/tour.ts")).tour(args, environment);
    case "ledger-verify":
      return (await import("./commands/ledger.ts")).verify(args, environment);
    case "ledger-show":
      return (await import("./commands/ledger.ts")).show(args, environment);
    case "ledger-exposure":
      return (await import("./commands/ledger.ts")).exposure(args, environment);
    case "acp":
      return (await import("./acp/acp.ts")).acp(args, environment);
    case "airlock":
      return (await import("./commands/airlock.ts")).airlock(args, environment);
    case "cell":
      return (await import("./commands/cell.ts")).cell(args, environment);
    case "cell-review":
      return (await import("./commands/cell-review.ts")).cellReview(args, environment);
    case "cell-doctor":
      return (await import("./commands/cell-doctor.ts")).cellDoctor(args, environment);
    case "permissions-list":
    case "permissions-why":
      return (await import("./commands/permissions.ts")).permissions(args, environment);
    case "policy-check":
    case "policy-explain":
    case "policy-fingerprint":
    case "policy-schema":
    case "policy-show":
    case "policy-sign":
      return (await import("./commands/policy.ts")).policy(args, environment);
    case "trust":
      return (await import("./commands/trust.ts")).trust(args, environment);
    case "plugin":
      return (await import("./commands/plugin.ts")).plugin(args, environment);
    case "quest":
      return (await import("./commands/quest.ts")).quest(args, environment);
    case "wiki":
      return (await import("./commands/wiki.ts")).wiki(args, environment);
    case "scan":
      return (await import("./commands/scan.ts")).scan(args, environment);
    case "sessions-list":
    case "sessions-show":
    case "sessions-rename":
    case "sessions-export":
    case "sessions-delete":
    case "sessions-rewind":
      return (await import("./commands/sessions.ts")).sessions(args, environment);
    case "worktrees-list":
    case "worktrees-remove":
      return (await import("./commands/worktrees.ts")).worktrees(args, environment);
    case "mcp-serve":
      return (await import("./mcp-serve/mcp-serve.ts")).mcpServe(args, environment);
    case "mcp":
      return (await import("./commands/mcp.ts")).mcp(args, environment);
    case "rehearse":
      return (await import("./commands/rehearse.ts")).rehearse(args, environment);
    case "version":
      environment.stdout.write(`cloister ${environment.version}\n`);
      return 0;
    case "help":
      environment.stdout.write((await import("./words/help/help.ts")).helpFor(environment.lang, args.topic));
      return 0;
  }
}

/** Runs what the command line says, and sets the exit code. `agentCode` finds compiled code for the agent's program. */
export async function start(agentCode?: Environment["agentCode"]): Promise<void> {
  const environment = readEnvironment(import.meta.filename, agentCode);
  try {
    process.exitCode = await main(parseArguments(process.argv.slice(2)), environment);
  } catch (error) {
    environment.stderr.write(`cloister: ${formatError(error)}\n`);
    const first = firstError(error);
    // A fault of ours shows where; a fault of the world does not need our stack.
    if (!(first instanceof CloisterError) && first instanceof Error) {
      environment.stderr.write(`${first.stack}\n`);
    }
    process.exitCode = exitCodeOf(error);
  }
}

if (import.meta.main) void start();
