import { CloisterError, systemCodeOf } from "@cloister/base";
import type { Connections } from "./connections.ts";

/**
 * Turns what undici throws into the product's errors: `cancelled`, `endpoint-unreachable` (nothing of the request
 * left) or `upstream-broken` (something may have). The text names the server and the system's code and nothing
 * of the request, so that no key can be in it.
 */
export function toEndpointError(
  error: unknown,
  context: { readonly url: URL; readonly connections: Connections; readonly signal: AbortSignal },
): CloisterError {
  if (error instanceof CloisterError) return error;
  const { url, connections, signal } = context;
  const code = systemCodeOf(error) ?? "unknown error";
  if (signal.aborted || code === "UND_ERR_DESTROYED" || code === "UND_ERR_CLOSED") return cancelled(error);
  if (connections.isConnectFailure(error)) {
    return new CloisterError(`cannot connect to ${url.origin} (${code})`, {
      code: "endpoint-unreachable",
      next: nextAfter(code, url),
      cause: error,
    });
  }
  if (code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT") {
    return new CloisterError(`${url.origin} accepts connections but does not answer`, {
      code: "endpoint-unreachable",
      next: "look at the model server's log, and restart it",
      cause: error,
    });
  }
  return new CloisterError(`${url.origin} broke off (${code})`, {
    code: "upstream-broken",
    next: "try again; when it happens again, the model server's log says why it closed the connection",
    cause: error,
  });
}

export function cancelled(cause: unknown): CloisterError {
  return new CloisterError("the request was cancelled", { code: "cancelled", cause });
}

function nextAfter(code: string, url: URL): string {
  if (code === "ECONNREFUSED") {
    return `start the model server there, or correct the port; to check: curl ${url.href}/models`;
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return `check the host name ${url.hostname} in the endpoint's URL`;
  }
  if (/CERT|SIGNATURE|TLS|SSL|EPROTO/.test(code)) {
    return "check the server's certificate; NODE_EXTRA_CA_CERTS names the file of a private authority";
  }
  return `check the address ${url.host}, and that no firewall stands in between`;
}
