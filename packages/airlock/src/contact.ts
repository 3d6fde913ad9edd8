import type { Probe } from "@cloister/backend";
import type { Ledger } from "@cloister/ledger";

/**
 * Writes down a request that shows a server nothing of a conversation, such as for the list of its models. Durable
 * when it resolves: nothing is sent before it is recorded. @throws CloisterError as `ledger.append`
 */
export async function recordContact(ledger: Ledger, contact: Probe): Promise<void> {
  const { method, path, url, bytes } = contact;
  await ledger.append({ type: "contact", fields: { method, path, url, bytes } });
}
