import { CloisterError } from "@cloister/base";

const next = "write it like http://127.0.0.1:8080 or https://models.example.org/v1";

/**
 * The base URL of an endpoint. A bare `http://host:port` means its `/v1`; a path is kept as it stands; trailing
 * slashes go.
 * @throws CloisterError `bad-endpoint-url` for anything but a plain http or https URL, and
 * `endpoint-url-credentials` for one with a user or a password in it. Neither repeats what may be a password.
 */
export function parseEndpointUrl(text: string): URL {
  const url = URL.parse(text.trim());
  const shown = text.includes("@") ? "the endpoint's URL" : `the endpoint's URL "${text}"`;
  if (url === null) throw new CloisterError(`${shown} is not a URL`, { code: "bad-endpoint-url", next });
  if (url.username !== "" || url.password !== "") {
    throw new CloisterError("the endpoint's URL holds a user name or a password", {
      code: "endpoint-url-credentials",
      next: "take them out of the URL and give the key as the endpoint's API key",
    });
  }
  // "localhost:8080" without a scheme is a well-formed URL, of the scheme "localhost".
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new CloisterError(`${shown} is neither http nor https`, { code: "bad-endpoint-url", next });
  }
  if (url.search !== "" || url.hash !== "") {
    throw new CloisterError(`${shown} has a query or a fragment`, { code: "bad-endpoint-url", next });
  }
  const path = url.pathname.replace(/\/+$/, "");
  url.pathname = path === "" ? "/v1" : path;
  return url;
}

/**
 * Whether the host is this machine: 127.0.0.0/8, ::1, `localhost` or `*.localhost` (RFC 6761, section 6.3); or a file
 * of its own, which is how an embedded model is named.
 */
export function isLoopback(url: URL): boolean {
  if (url.protocol === "file:") return url.hostname === "";
  // URL has already put every spelling of an IPv4 address (octal, hexadecimal, short) into four decimal numbers.
  return /^127\.\d+\.\d+\.\d+$/.test(url.hostname) || url.hostname === "[::1]" || isLocalhost(url.hostname);
}

/** Names that mean this machine, whatever a name server may answer. */
export function isLocalhost(hostname: string): boolean {
  return /^(?:.+\.)?localhost\.?$/i.test(hostname);
}
