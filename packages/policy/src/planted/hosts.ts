/** Hosts that an edit makes the code talk to, and that it did not know before. */
import { excerptOf, isProse, type AddedLine, type CodeFinding, type FileEdit } from "./edit.ts";

const address =
  /\b(?:https?|wss?|ftp|ssh|git|tcp|udp|redis|amqp|mqtt|ldaps?):\/\/(?:[^\s/@"'`<>]*@)?(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+)/gu;
const literal = /["'`](\d{1,3}(?:\.\d{1,3}){3})(?::\d+)?["'`]/gu;

/** Names in schemas, licences and examples that nothing connects to, and this machine itself. */
const harmless =
  /^(localhost|127(\.\d+){3}|0\.0\.0\.0|\[::1?\]|([\w-]+\.)*(example|test|invalid|localhost)|([\w-]+\.)*example\.(com|org|net)|(www\.)?w3\.org|json-schema\.org|schema\.org|json\.schemastore\.org|www\.apache\.org|apache\.org|opensource\.org|spdx\.org|creativecommons\.org|schemas\.(xmlsoap|openxmlformats|microsoft)\.(org|com)|xmlns\.com|purl\.org|datatracker\.ietf\.org|tools\.ietf\.org|www\.rfc-editor\.org|unicode\.org|ecma-international\.org|developer\.mozilla\.org|maven\.apache\.org)$/i;

export function hostsOf(text: string): Set<string> {
  const hosts = new Set<string>();
  for (const pattern of [address, literal]) {
    for (const [, host = ""] of text.matchAll(pattern)) {
      const plain = host.toLowerCase().replace(/\.$/, "");
      if (!harmless.test(plain) && plain.includes(".")) hosts.add(plain);
      if (plain.startsWith("[") && !harmless.test(plain)) hosts.add(plain);
    }
  }
  return hosts;
}

export function findNewHosts(
  edit: FileEdit,
  added: readonly AddedLine[],
  knownHosts: ReadonlySet<string>,
): CodeFinding[] {
  // Documents and lock files name many, and connect to none.
  if (isProse(edit.path) || /\.(lock|sum|map|snap)$|-lock\.json$/.test(edit.path)) return [];
  const before = hostsOf(edit.before ?? "");
  const found: CodeFinding[] = [];
  for (const { text, line } of added) {
    for (const host of hostsOf(text)) {
      if (before.has(host) || knownHosts.has(host)) continue;
      before.add(host);
      found.push({
        kind: "new-host",
        line,
        excerpt: excerptOf(text),
        why: `nothing in the file named ${host} before`,
      });
    }
  }
  return found;
}
