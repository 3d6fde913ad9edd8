/** What a person is asked before the first message of a session in an editor: what would run besides our own agent. */
import { countItems, trustDigest, type McpServer } from "@cloister/agent/extensions";
import type { JsonObject } from "@cloister/base";
import { showUnseen } from "@cloister/policy";
import type { Environment } from "../environment.ts";
import type { OpenedExtensions } from "../extension/open.ts";
import { openTrustFile } from "../extension/trust-file.ts";
import { SHOWN_CHARS_MAX, type Choose, type Option } from "./asking.ts";
import { describeServer, openServerApprovals } from "./editor-servers.ts";
import { fenced } from "./fenced.ts";

export interface Asker {
  readonly environment: Environment;
  /** A real path. */
  readonly workspace: string;
  readonly choose: Choose;
  readonly signal: AbortSignal;
}

/** `allow_once` is what editors answer by themselves where a person told them to ask less: not to this. */
const options: readonly Option[] = [
  { optionId: "allow", name: "Allow exactly this", kind: "allow_always" },
  { optionId: "no", name: "Not now", kind: "reject_once" },
];

/** True: it was allowed, and counts once it is read again. A no is not asked about again until something changes. */
export async function askTrust(
  { trust, items }: OpenedExtensions,
  shown: () => Promise<string>,
  { environment, workspace, choose, signal }: Asker,
): Promise<boolean> {
  if (trust.kind !== "new" && trust.kind !== "changed") return false;
  const { openAsked } = await import("../screen/commands/trust.ts");
  const asked = openAsked(environment.home);
  const digest = trustDigest(items);
  if (asked.has(digest)) return false;
  const text = await shown();
  if (text.length > SHOWN_CHARS_MAX) return false;
  const title = `This project brings ${countItems(items)}. Allow exactly these?`;
  const chosen = await choose(questionOf("trust", title, text), options, signal);
  if (chosen === "allow") {
    // What was shown is what is kept: nothing is read again between the two.
    openTrustFile(environment.home, environment.user).write({ workspace, digest, items });
    return true;
  }
  // Who broke it off has said nothing.
  if (chosen !== undefined) asked.add(digest);
  return false;
}

/** Those that count now: approved before, or just now. */
export async function askServers(
  servers: readonly McpServer[],
  { environment, workspace, choose, signal }: Asker,
): Promise<readonly McpServer[]> {
  const approvals = openServerApprovals(environment.home, environment.user);
  const unknown = servers.filter((server) => !approvals.has(server, workspace));
  for (const server of unknown) {
    const text =
      server.kind === "stdio"
        ? "The program runs in a cell: it reads the project, changes nothing and reaches no network."
        : "It is told what the agent asks of it, as far as what the session holds may leave; all of it is recorded.";
    const title = `The editor brings the MCP server ${server.name}. Let the agent use it?`;
    const shown = questionOf(
      `server-${server.name}`,
      title,
      `${text}\n\n${showUnseen(describeServer(server))}`,
    );
    if ((await choose(shown, options, signal)) === "allow") approvals.add([server], workspace);
  }
  return servers.filter((server) => approvals.has(server, workspace));
}

function questionOf(id: string, title: string, text: string): JsonObject {
  return {
    ...{ toolCallId: `cloister-${id}`, title, kind: "other", status: "pending" },
    content: [{ type: "content", content: { type: "text", text: `${title}\n\n${fenced(text)}` } }],
  };
}
