/** What a cell sees and may do. Everything not named here does not exist inside. */

export interface CellView {
  /** Shown writable at its real path, save for the guarded paths. Absolute and free of symbolic links. */
  readonly workspace: string;
  /** Shown as an empty, private directory, whatever it holds outside. */
  readonly home: string;
  /** Shown read-only at their own paths: toolchains, the agent's own code. */
  readonly readable: readonly string[];
  /** Unix sockets handed in. Without one, the process cannot even make a Unix socket that has a name. */
  readonly sockets: readonly SocketBinding[];
  /** `whole`: the system's programs, for commands. `libraries`: only what a binary needs to load, for the agent. */
  readonly system: "whole" | "libraries";
}

export interface SocketBinding {
  readonly outside: string;
  readonly inside: string;
}

/** A program to start in a cell. */
export interface Launch {
  readonly argv: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** How strong the confinement is. It is shown, and recorded in the ledger, with every session. */
export type Tier = "bubblewrap" | "none";
