/** The scripts that a command would run, by their content: a person's word for a command is one for what it runs. */
import { sha256 } from "@cloister/base";
import { approvalHash, scriptsRunBy } from "@cloister/policy";
import type { RuledCall } from "./permission.ts";
import { readWorkspaceBytes } from "./workspace-file.ts";

/** SHA-256 (hex) by path, of those in the workspace; empty for one that is not there, or is too large to be looked at. */
export function contentsOf(
  { tool, text }: RuledCall,
  workspace: string | undefined,
): Readonly<Record<string, string>> {
  if (tool !== "Bash" || workspace === undefined) return {};
  return Object.fromEntries(
    scriptsRunBy(text).map((path) => {
      const content = readWorkspaceBytes(workspace, path);
      return [path, content === undefined ? "" : sha256(content).toString("hex")];
    }),
  );
}

/** Of these bytes and no others: another argument, another folder or another content of a script is another call. */
export function hashOf(call: RuledCall, workspace: string | undefined): string {
  return approvalHash({
    tool: call.tool,
    text: call.text,
    workspace: workspace ?? "",
    contents: contentsOf(call, workspace),
    ...(call.parameters === undefined ? {} : { parameters: call.parameters }),
  });
}
