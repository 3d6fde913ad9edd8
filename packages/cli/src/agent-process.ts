/** What runs inside the agent's cell: reads its job and commands from stdin, works, and writes one event a line to stdout. */
import { createRepoIndex, openAgentSession, openDefinitions, type AgentSession } from "@cloister/agent";
import { createKeeperClient } from "@cloister/airlock/client";
import { readLines } from "@cloister/base";
import { AGENT_LINE_CHARS_MAX, parseCommand, parseJob, type AgentCommand } from "./agent-commands.ts";
import { openHiddenAnswers } from "./cell-hidden.ts";
import type { Environment } from "./environment.ts";
import { createEventLines } from "./event-lines.ts";
import { createHookRunner } from "./extension/hook-runner.ts";
import { createNestedReader } from "./extension/nested.ts";
import { openUnreadable } from "./permissions/unreadable.ts";

export async function agentProcess({
  stdin,
  stdout,
  clock,
}: Pick<Environment, "stdin" | "stdout" | "clock">): Promise<number> {
  const lines = readLines(stdin, { lineCharsMax: AGENT_LINE_CHARS_MAX });
  const first = await lines.next();
  const job = parseJob(first.done === true ? "" : first.value);
  const {
    workspace,
    socketPath,
    hasRipgrep,
    seesPictures,
    seeingModels = [],
    hidden,
    unreadable,
    grammars,
    ...options
  } = job;
  const isHidden = openHiddenAnswers(workspace, hidden);
  const isUnreadable = openUnreadable(workspace, unreadable);

  const said = createEventLines(stdout);
  // What was said before is kept before what follows from it is asked for.
  const keeper = createKeeperClient(socketPath, said.sent);
  const session = openAgentSession(options, {
    workspace,
    hasRipgrep,
    seesPictures,
    seeingModels,
    // What a permission rule forbids no --show would show.
    hidden: (path) => isUnreadable(path) ?? isHidden(path),
    reads: new Map<string, string>(),
    ...(grammars === undefined
      ? {}
      : { code: createRepoIndex({ workspace, find: openDefinitions(grammars), now: () => clock.now() }) }),
    clock,
    run: keeper.run,
    start: keeper.start,
    ask: keeper.ask,
    fetchPage: keeper.fetchPage,
    judge: keeper.judge,
    saveGuarded: keeper.saveGuarded,
    startServer: (name, signal) => keeper.start({ kind: "server", name }, signal),
    runHook: createHookRunner(keeper),
    nested: createNestedReader(workspace, hidden.show),
  });
  const stop = (): void => {
    session.close();
    session.interrupt();
  };
  // A keeper that is gone, or that speaks in riddles, wants nothing more.
  void obey(lines, session).then(stop, stop);
  for await (const event of session.events()) {
    said.send(JSON.stringify(event));
    if (said.isAhead) await said.caughtUp();
  }
  said.flush();
  keeper.close();
  // stdin stays open as long as the keeper lives; without this the process would wait for it.
  stdin.destroy();
  return 0;
}

async function obey(lines: AsyncIterable<string>, session: AgentSession): Promise<void> {
  for await (const line of lines) obeyOne(parseCommand(line), session);
}

function obeyOne(command: AgentCommand, session: AgentSession): void {
  switch (command.do) {
    case "send":
      session.send(command.message);
      break;
    case "interrupt":
      session.interrupt();
      break;
    case "compact":
      session.compact(command.hints);
      break;
    case "mode":
      session.setMode(command.mode);
      break;
    case "answer":
      session.answer(command.id, command.answer);
      break;
    case "goal":
      session.setGoal(command.goal);
      break;
    case "checked":
      session.checked(command.id, command.check);
      break;
    case "look":
      session.look();
      break;
    case "aside":
      session.aside(command.id, command.question);
      break;
    case "stop":
      session.stop(command.id);
      break;
    case "restart-server":
      session.restartServer(command.name);
      break;
    case "close":
      session.close();
      break;
  }
}
