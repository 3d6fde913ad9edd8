import { CloisterError } from "@cloister/base";

/** sysexits.h where it has a word for it; 130 as shells report an interrupt. */
export const exit = { ok: 0, failed: 1, usage: 64, unavailable: 69, broken: 65, cancelled: 130 } as const;

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof CloisterError)) return 70;
  switch (error.code) {
    case "usage":
      return exit.usage;
    case "cell-unavailable":
    case "no-model-found":
    case "endpoint-unreachable":
    case "endpoint-loading":
    case "endpoint-untrusted":
    case "client-certificate-refused":
    case "proxy-unreachable":
    case "proxy-refused":
      return exit.unavailable;
    case "cancelled":
      return exit.cancelled;
    default:
      return exit.failed;
  }
}
