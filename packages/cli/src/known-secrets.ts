/**
 * The credentials of this machine's user, so that they are known in any text, in any form, whichever client sends it.
 * Read once at the start by the keeper, and kept as fingerprints; the values themselves are forgotten.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createKnownSecrets, findSecrets, type KnownSecrets } from "@cloister/secrets";
import type { Environment } from "./environment.ts";

/** Where tools keep what opens something. Private keys are found by their form. */
const places = [
  ...[".aws/credentials", ".aws/config", ".azure/accessTokens.json", ".config/gcloud/credentials.db"],
  ...[
    ".config/gcloud/application_default_credentials.json",
    ".aliyun/config.json",
    ".tccli/default.credential",
  ],
  ...[
    ".netrc",
    ".npmrc",
    ".yarnrc.yml",
    ".pypirc",
    ".git-credentials",
    ".config/gh/hosts.yml",
    ".config/glab-cli/config.yml",
  ],
  ...[
    ".docker/config.json",
    ".kube/config",
    ".cargo/credentials.toml",
    ".gem/credentials",
    ".m2/settings.xml",
    ".pgpass",
  ],
  ...[
    ".my.cnf",
    ".huggingface/token",
    ".cache/huggingface/token",
    ".config/openai/auth.json",
    ".codex/auth.json",
  ],
  ...[
    ".claude.json",
    ".claude/.credentials.json",
    ".qwen/oauth_creds.json",
    ".gemini/oauth_creds.json",
    ".vault-token",
  ],
];
const FILE_BYTES_MAX = 1024 * 1024;
/** A file of these is one token and nothing else. */
const bare = /(^|\/)(token|\.vault-token)$/;

/** `more`: values that the person gave to something else, such as a server. */
export function findKnownSecrets(
  { home, apiKey }: Pick<Environment, "home" | "apiKey">,
  more: readonly string[] = [],
): KnownSecrets {
  const known = createKnownSecrets(randomBytes(32));
  if (apiKey !== undefined) known.add(apiKey);
  for (const secret of more) known.add(secret);
  for (const place of places) {
    const text = readSmall(join(home, place));
    if (text === undefined) continue;
    if (bare.test(place)) known.add(text.trim());
    for (const { start, end } of findSecrets(text, { personal: false })) known.add(text.slice(start, end));
  }
  return known;
}

function readSmall(path: string): string | undefined {
  try {
    const stats = statSync(path);
    return stats.isFile() && stats.size <= FILE_BYTES_MAX ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined; // most users have most of these not, and what we may not read, no command of ours can
  }
}
