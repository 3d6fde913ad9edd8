import { CloisterError, systemCodeOf } from "@cloister/base";
import { tlsFailureOf, trustNext } from "./network/certificates.ts";
import { RequestFailure } from "./request.ts";

/**
 * Turns what became of a request that nobody cancelled into the product's errors: `endpoint-unreachable`,
 * `endpoint-untrusted` (nothing of the request left), `client-certificate-refused` or `upstream-broken` (something may
 * have). The text names the server and the system's code and nothing of the request, so that no key can be in it.
 */
export function toEndpointError(error: unknown, url: URL): CloisterError {
  const [kind, cause] = error instanceof RequestFailure ? [error.kind, error.cause] : ["broken", error];
  if (cause instanceof CloisterError) return cause;
  const code = systemCodeOf(cause) ?? "unknown error";
  // In TLS 1.3 the server looks at the client's certificate only after the handshake, and refuses the connection then.
  if (tlsFailureOf(code) === "client-certificate") {
    return new CloisterError(`${url.origin} refuses the client certificate, or the lack of one (${code})`, {
      code: "client-certificate-refused",
      next: nextAfter(code, url),
      cause,
    });
  }
  if (kind === "unconnected" && tlsFailureOf(code) === "untrusted") {
    return new CloisterError(`the certificate of ${url.origin} is not trusted (${code})`, {
      code: "endpoint-untrusted",
      next: nextAfter(code, url),
      cause,
    });
  }
  if (kind === "unconnected") {
    return new CloisterError(`cannot connect to ${url.origin} (${code})`, {
      code: "endpoint-unreachable",
      next: nextAfter(code, url),
      cause,
    });
  }
  if (kind === "silent") {
    return new CloisterError(`${url.origin} accepts connections but does not answer`, {
      code: "endpoint-unreachable",
      next: "look at the model server's log, and restart it",
      cause,
    });
  }
  return new CloisterError(`${url.origin} broke off (${code})`, {
    code: "upstream-broken",
    next: "try again; when it happens again, the model server's log says why it closed the connection",
    cause,
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
  return trustNext(code) ?? `check the address ${url.host}, and that no firewall stands in between`;
}
