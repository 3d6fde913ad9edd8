/** What a cell sees and may do. Everything not named here does not exist inside. */

export interface CellView {
  /** Shown writable at its real path, save for the guarded paths. Absolute and free of symbolic links. */
  readonly workspace: string;
  /** What stands at the workspace's path instead of it, such as an overlay; then nothing in it is guarded. */
  readonly workspaceFrom?: string;
  /** Where we ourselves can look at `workspaceFrom`, when earlier commands may have written into it. */
  readonly workspaceSeen?: string;
  /** Shown as an empty, private directory, whatever it holds outside. */
  readonly home: string;
  /** Shown read-only at their own paths: toolchains, the agent's own code. */
  readonly readable: readonly string[];
  /** Shown writable at their own paths, beside the workspace; guarded like it. Absolute and free of symbolic links. */
  readonly writable?: readonly string[];
  /**
   * Files and directories that cannot be read inside, by any program: an empty file or directory without any
   * permission stands in their place. Other names of the same file (hard links) are hidden with it. A function is asked
   * anew for each command.
   */
  readonly hidden?: readonly string[] | (() => readonly string[]);
  /** Unix sockets handed in. Without one, the process cannot even make a Unix socket that has a name. */
  readonly sockets: readonly SocketBinding[];
  /**
   * `inside`: programs may make Unix sockets for use among themselves; socket files of the host that lie in what
   * is shown are hidden. `none`, the default: connected pairs only.
   */
  readonly unixSockets?: "none" | "inside";
  /** `whole`: the system's programs, for commands. `libraries`: only what a binary needs to load, for the agent. */
  readonly system: "whole" | "libraries";
  readonly limits?: CellLimits;
  /** A network namespace made beforehand. Without one each cell has its own, with an empty loopback. */
  readonly networkNamespace?: NetworkNamespace;
  /** Device files shown beside null, zero, full, random, urandom and tty, such as `/dev/kvm`. */
  readonly devices?: readonly string[];
}

/** Limits that cannot be held on this host are refused, never dropped. */
export interface CellLimits {
  /**
   * Of the whole cell, temporary files included, where a control group can be had; else of each process (private
   * writable memory, RLIMIT_DATA) and of each temporary file system.
   */
  readonly memoryBytes?: number;
  /** Processes and threads of the whole cell. */
  readonly processesMax?: number;
  /** Of each file written (RLIMIT_FSIZE). */
  readonly fileBytesMax?: number;
  /** Of each process (RLIMIT_CPU). */
  readonly cpuSeconds?: number;
}

export interface NetworkNamespace {
  /** What the launcher is started through, such as `/usr/bin/nsenter --user=… --net=… --preserve-credentials --`. */
  readonly enter: readonly string[];
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
  /** stdin, stdout and stderr of the program; all three piped by default. */
  readonly stdio?: readonly [StdioOption, StdioOption, StdioOption];
  /** What the launcher is started through, such as a tracer with its options. It is outside the cell. */
  readonly through?: readonly string[];
  /** Opens descriptor 5 of the launcher as a pipe to us. */
  readonly reportPipe?: boolean;
}

export type StdioOption = "pipe" | "inherit" | "ignore";

/**
 * How strong the confinement is. It is shown, and recorded in the ledger, with every session. `bubblewrap` is the
 * whole cell of Linux; `seatbelt` is what macOS can hold, which is less; `none` is asked for by name.
 */
export type Tier = "bubblewrap" | "seatbelt" | "none";

export function hiddenIn({ hidden = [] }: CellView): readonly string[] {
  return typeof hidden === "function" ? hidden() : hidden;
}
