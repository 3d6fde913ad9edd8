/** Every bound of the package, in one place. */
export const limits = {
  /** An entry bundle of C2SP tlog-tiles counts a leaf in a uint16. */
  bodyBytesMax: 65_535,
  /** Longest line of a segment: kind, CRC, blanks, body. Checkpoint lines are far shorter. */
  lineBytesMax: 65_600,
  /** 256 MiB: a new segment is begun once the current one has reached this size. */
  segmentBytesMax: 268_435_456,
  /** Read ahead when scanning; the only memory a scan needs. */
  chunkBytes: 1_048_576,
  batchEntriesMax: 4096,
  batchBytesMax: 8_388_608,
  /** Appends that may wait for a batch; beyond it the caller is going faster than the disk. */
  pendingEntriesMax: 65_536,
  /** Together about five seconds for another process to finish its batch. */
  lockAttemptsMax: 5000,
  lockPauseMs: 1,
  /** A process that batches without a break lets others in this often, for this long. */
  turnMs: 50,
  yieldMs: 3,
  /**
   * The frontier is saved with a published checkpoint once so many entries have come: whoever opens the log next checks
   * a signature for each batch behind it.
   */
  frontierEntries: 32,
  /** A log that is written to without a break has a published checkpoint no older than this. */
  publishMs: 1000,
  /** So long an entry that nobody waits for may wait for others, to be written and synced with them. */
  patienceMs: 100,
  /** Contents up to this size lie in the side store's database, larger ones in files of their own. */
  inlineBytesMax: 65_536,
  /** Erasure groups whose key is kept unwrapped in memory. */
  groupsMax: 1000,
  /** The side store waits this long, blocking, for another process' write of some milliseconds. */
  sideBusyMs: 5000,
  originCharsMax: 255,
} as const;
