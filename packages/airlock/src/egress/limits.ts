/** Every bound of what a session's commands may send out and bring in. */
export interface EgressLimits {
  /** Open at once, of the whole session. */
  readonly connectionsMax: number;
  /** Asked for, of the whole session, allowed or not: each of them is an entry in the ledger. */
  readonly attemptsMax: number;
  /** Of one command, all its connections together. */
  readonly commandBytesUpMax: number;
  readonly commandBytesDownMax: number;
  readonly sessionBytesUpMax: number;
  readonly sessionBytesDownMax: number;
  /** Without a byte in either direction. */
  readonly idleTimeoutMs: number;
  /** From a connection's start to its whole request. */
  readonly headTimeoutMs: number;
  readonly headBytesMax: number;
}

export const egressLimitsDefault: EgressLimits = {
  connectionsMax: 128,
  attemptsMax: 10_000,
  commandBytesUpMax: 64 * 1024 ** 2,
  commandBytesDownMax: 4 * 1024 ** 3,
  sessionBytesUpMax: 512 * 1024 ** 2,
  sessionBytesDownMax: 32 * 1024 ** 3,
  idleTimeoutMs: 300_000,
  headTimeoutMs: 20_000,
  headBytesMax: 32 * 1024,
};
