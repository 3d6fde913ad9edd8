/** Which variables of a settings file may reach commands. */
import { isRecord } from "@cloister/base";
import { readFields } from "../front-matter.ts";

const VARIABLES_MAX = 100;
const VALUE_CHARS_MAX = 10_000;
const secret = /(?:KEY|TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|AUTH|COOKIE|PRIVATE|SESSION|_PAT$)/iu;
/** They lead a program, its loader or a request elsewhere. */
const leading =
  /^(?:CLOISTER_.*|LD_.*|DYLD_.*|PATH|HOME|SHELL|IFS|ENV|BASH_ENV|BASH_FUNC.*|PROMPT_COMMAND|NODE_OPTIONS|PYTHONSTARTUP|PYTHONPATH|PERL5OPT|RUBYOPT|JAVA_TOOL_OPTIONS|GIT_.*|.*_PROXY|.*_BASE_URL|.*_ENDPOINT|SSL_CERT_.*|NODE_EXTRA_CA_CERTS|NODE_TLS_.*|OTEL_.*|XDG_.*|TMPDIR)$/iu;

export function readEnvironment(
  value: unknown,
  lose: (subject: string, why: string) => void,
): Readonly<Record<string, string>> {
  const fields = isRecord(value) ? value : {};
  const kept: [string, string][] = [];
  for (const name of Object.keys(fields)) {
    const text = readFields(fields).text(name);
    const subject = `env.${name}`;
    if (!/^[A-Za-z_]\w*$/u.test(name) || text === undefined) lose(subject, "it is no variable with a text");
    else if (leading.test(name)) lose(subject, "it would lead programs or requests elsewhere");
    else if (secret.test(name)) lose(subject, "secrets are not taken from settings");
    else if (text.length > VALUE_CHARS_MAX || kept.length >= VARIABLES_MAX) lose(subject, "it is too much");
    else kept.push([name, text]);
  }
  return Object.fromEntries(kept);
}
