/** What the agent is given of a server: bytes both ways. Where it runs, and what it may reach, is the keeper's business. */

export interface McpLink {
  readonly output: AsyncIterable<{ readonly stream: "out" | "err"; readonly bytes: Uint8Array }>;
  write(bytes: Uint8Array): void;
  kill(): void;
  /** Never rejects. */
  readonly ended: Promise<McpEnd>;
}

export interface McpEnd {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
}

/** Starts a server by the name under which the keeper knows it; nothing else can be started. */
export type StartServer = (name: string, signal: AbortSignal) => Promise<McpLink>;

/** What the agent needs to know of a server. Its command, its address and its secrets stay with the keeper. */
export interface McpServerWish {
  /** As the person wrote it. */
  readonly name: string;
  /** For each call, in milliseconds; progress begins it anew. Default one minute. */
  readonly timeoutMs?: number | undefined;
  /** Of its tools only these; undefined: all. */
  readonly includeTools?: readonly string[] | undefined;
  readonly excludeTools?: readonly string[];
}
