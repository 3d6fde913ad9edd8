import { CloisterError, firstError } from "@cloister/base";

/** sysexits.h where it has a word for it; 130 as shells report an interrupt. */
export const exit = {
  ok: 0,
  failed: 1,
  usage: 64,
  broken: 65,
  unavailable: 69,
  forbidden: 77,
  misconfigured: 78,
  /** As timeout(1). */
  timedOut: 124,
  /** As shells. */
  notFound: 127,
  cancelled: 130,
} as const;

export function exitCodeOf(thrown: unknown): number {
  const error = firstError(thrown);
  if (!(error instanceof CloisterError)) return 70;
  switch (error.code) {
    case "usage":
    case "bad-endpoint-url":
    case "bypass-forbidden":
      return exit.usage;
    case "cell-unavailable":
    case "overlay-unavailable":
    case "observe-unavailable":
    case "no-model-found":
    case "model-file-unusable":
    case "embedded-engine-missing":
    case "embedded-engine-failed":
    case "endpoint-unreachable":
    case "endpoint-loading":
    case "endpoint-untrusted":
    case "client-certificate-refused":
    case "proxy-unreachable":
    case "proxy-refused":
      return exit.unavailable;
    case "forbidden-by-policy":
      return exit.forbidden;
    case "bad-policy":
    case "unsafe-policy":
    case "unsigned-policy":
    case "bad-fingerprints":
      return exit.misconfigured;
    case "command-not-found":
      return exit.notFound;
    case "cancelled":
      return exit.cancelled;
    default:
      return exit.failed;
  }
}
