/**
 * Addresses of pages. An address is a message to its server, so it is looked at like one: no secret may be in it, nor
 * so much that it could carry a file away piece by piece.
 */
import type { Seals } from "@cloister/secrets";
import { canonicalHost, parseTarget, type Target } from "../egress/target.ts";
import { refuse, type WebRefusal } from "./refusal.ts";

export interface PageAddress {
  readonly kind: "address";
  /** Without a fragment. */
  readonly url: URL;
  readonly target: Target;
  readonly isSecure: boolean;
}

/** Of an address that the agent wrote. */
const ADDRESS_CHARS_MAX = 1000;
/** Servers sign where they redirect to, and that is long. */
const REDIRECT_CHARS_MAX = 8000;
const QUERY_CHARS_MAX = 300;
const HOST_LABEL_CHARS_MAX = 40;
/** Encodings have such runs and names have none; a digest in hexadecimal is a name. */
const RUN_CHARS_MAX = 48;
const DIGEST_CHARS_MAX = 64;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };
const PLACEHOLDER = /CLS_[A-Z2-7]{8,}_[A-Z0-9]+/i;

/** `from`: the page that redirected there. Its server wrote the address, so its length tells nothing of ours. */
export function checkAddress(
  text: string,
  seals: Pick<Seals, "seal">,
  from?: PageAddress,
): PageAddress | WebRefusal {
  const address = parseAddress(text, from?.url);
  if (address === undefined) {
    return refuse("web-address", {
      why: "it is not an http: or https: address that can be compared with a rule",
      next: "write https://HOST/PATH, without a user name",
    });
  }
  if (from?.isSecure === true && !address.isSecure) {
    return refuse("web-downgrade", {
      why: `${from.target.host} redirects from https: to http:, which others could read`,
      next: "ask for the http: address itself, if that is meant",
    });
  }
  const { href } = address.url;
  const shown = decoded(href);
  // A redirect's address its server wrote, who knows nothing that it was not sent; what it signed looks like a secret.
  const isSecret = from === undefined && [href, shown].some((each) => seals.seal(each).sealed.length > 0);
  if (isSecret || PLACEHOLDER.test(shown)) {
    return refuse("web-secret", {
      why: "the address holds a secret, personal data, or the placeholder of one; servers keep addresses in their logs",
      next: "ask without it",
    });
  }
  const isLong = from === undefined ? isLoaded(address, shown) : href.length > REDIRECT_CHARS_MAX;
  return isLong
    ? refuse("web-payload", {
        why: "the address is so long that it could carry data out",
        next: "ask for a shorter one; a page that needs it can be saved into the workspace by the user",
      })
    : address;
}

/** In the one grammar that rules are compared in; without a look at what it says. */
export function parseAddress(text: string, base: URL | undefined): PageAddress | undefined {
  // What URL readers pass over in silence, they pass over differently.
  if (text.length > REDIRECT_CHARS_MAX || /[\s\p{Cc}\p{Cf}\\]/u.test(text)) return undefined;
  if (base === undefined && !/^https?:\/\/[^/]/i.test(text)) return undefined;
  if (!URL.canParse(text, base?.href)) return undefined;
  const url = new URL(text, base?.href);
  const standard = DEFAULT_PORTS[url.protocol];
  if (standard === undefined || url.username !== "" || url.password !== "") return undefined;
  url.hash = "";
  const target = parseTarget(`${url.hostname}:${url.port === "" ? standard : url.port}`);
  // `0x7f.1` is an address to URL readers, and no name to others: it must have been written as what it is.
  if (base === undefined && !isWritten(text, url.hostname)) return undefined;
  return target === undefined
    ? undefined
    : { kind: "address", url, target, isSecure: url.protocol === "https:" };
}

/** Names in other scripts are compared in their xn-- form. */
function isWritten(text: string, hostname: string): boolean {
  const [, given = ""] = /^https?:\/\/(\[[^\]]*\]|[^/?#:]*)/i.exec(text) ?? [];
  if (hostname.startsWith("[")) return given.startsWith("[");
  return /[^\x21-\x7e]/.test(given) || canonicalHost(given) === canonicalHost(hostname);
}

function isLoaded({ url, target }: PageAddress, shown: string): boolean {
  if (url.href.length > ADDRESS_CHARS_MAX || url.search.length > QUERY_CHARS_MAX) return true;
  if (target.host.split(".").some((label) => label.length > HOST_LABEL_CHARS_MAX)) return true;
  const runs = shown.slice(url.origin.length).match(/[A-Za-z0-9+=%]{49,}/g) ?? [];
  return runs.some((run) => run.length > RUN_CHARS_MAX && !isDigest(run));
}

function isDigest(run: string): boolean {
  return run.length <= DIGEST_CHARS_MAX && /^[0-9a-f]+$/i.test(run);
}

function decoded(href: string): string {
  try {
    return decodeURIComponent(href.replaceAll("+", " "));
  } catch {
    return href; // its escapes are no UTF-8: they stand for nothing that could be read
  }
}
