/** How much is asked. The agent calls them by the same names. */
export const permissionModes = ["default", "acceptEdits", "plan", "dontAsk", "bypass"] as const;

export type PermissionMode = (typeof permissionModes)[number];

const aliases: Readonly<Record<string, PermissionMode>> = {
  manual: "default",
  autoedit: "acceptEdits",
  bypasspermissions: "bypass",
  yolo: "bypass",
};

/** Names as other agents write them count too: `bypassPermissions`, `accept_edits`. `auto` is none of ours. */
export function parsePermissionMode(text: string): PermissionMode | undefined {
  const plain = text.replaceAll(/[_-]/gu, "").toLowerCase();
  return (
    permissionModes.find((mode) => mode.toLowerCase() === plain) ??
    (Object.hasOwn(aliases, plain) ? aliases[plain] : undefined)
  );
}

export type PermittedMode =
  | { readonly kind: "mode"; readonly mode: PermissionMode }
  | { readonly kind: "forbidden"; readonly mode: PermissionMode; readonly why: string };

/** The mode that holds where a policy forbids some. */
export function permitMode(wished: PermissionMode, forbidden: readonly PermissionMode[]): PermittedMode {
  if (!forbidden.includes(wished)) return { kind: "mode", mode: wished };
  return { kind: "forbidden", mode: "default", why: `the policy forbids the mode ${wished}` };
}
