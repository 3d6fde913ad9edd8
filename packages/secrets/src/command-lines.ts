/** Passwords that command lines take without a name: `curl -u`, `mysql -p`, `sshpass -p`, `redis-cli -a`. */

import type { Candidate } from "./finding.ts";
import { isLikelyKey, isLikelyPassword, isStandIn } from "./value.ts";

const USER = /(?:-u|--user|--proxy-user|-U)[ =]{1,4}(["']?)([\w.@\\-]{1,64}):([^\s"']{4,128})\1/y;

/** `-u user:password`, as curl has it. `at` is where the option begins. */
export function findUserOption(text: string, at: number): Candidate | undefined {
  if (at > 0 && !/\s/.test(text.charAt(at - 1))) return undefined;
  USER.lastIndex = at;
  const match = USER.exec(text);
  const password = match?.[3];
  if (match === null || password === undefined) return undefined;
  if (isWord(password) || password === match[2] || isStandIn(password)) return undefined;
  const end = at + match[0].length - (match[1]?.length ?? 0);
  return likely(end - password.length, end, "user-option");
}

const OPTION_OF: Readonly<Record<string, RegExp>> = {
  mysql:
    /mysql(?:dump|admin|import)?[ \t][^\n|;&\\]{0,120}?[ \t]-p(["']?)([^\s"'`|;&]{4,128})\1(?=[\s"'`|;&]|$)/y,
  sshpass: /sshpass[ \t]{1,4}-p[ \t]{0,4}(["']?)([^\s"'`|;&]{4,128})\1(?=[\s"'`|;&]|$)/y,
  "redis-cli": /redis-cli[ \t][^\n|;&\\]{0,120}?-a[ \t]{1,4}(["']?)([^\s"'`|;&]{4,128})\1(?=[\s"'`|;&]|$)/y,
  docker: /docker login[ \t][^\n|;&\\]{0,120}?-p[ \t]{1,4}(["']?)([^\s"'`|;&]{4,128})\1(?=[\s"'`|;&]|$)/y,
  zip: /(?:unzip|zip|7z[ \t]a|7z[ \t]x|7za[ \t][ax])[ \t][^\n|;&\\]{0,80}?-[Pp][ \t]{0,2}(["']?)([^\s"'`|;&]{6,128})\1(?=[\s"'`|;&]|$)/y,
  rabbit:
    /rabbitmqctl[ \t]{1,4}(?:add_user|change_password)[ \t]{1,4}[\w.@-]{1,64}[ \t]{1,4}(["']?)([^\s"'`|;&]{6,128})\1(?=[\s"'`|;&]|$)/y,
  ldap: /ldap(?:search|add|modify|delete)[ \t][^\n|;&\\]{0,160}?-w[ \t]{1,4}(["']?)([^\s"'`|;&]{4,128})\1(?=[\s"'`|;&]|$)/y,
  keytool:
    /(?:keytool|jarsigner|openssl)[ \t][^\n|;&\\]{0,200}?-(?:storepass|keypass|passout pass:|passin pass:|k)[ \t:]{0,4}(["']?)([^\s"'`|;&]{6,128})\1(?=[\s"'`|;&]|$)/y,
  sqlcmd:
    /(?:sqlcmd|bcp|osql|isql)[ \t][^\n|;&\\]{0,160}?[ \t]-P[ \t]{0,4}(["']?)([^\s"'`|;&]{6,128})\1(?=[\s"'`|;&]|$)/y,
  mongo:
    /(?:mongo(?:sh|dump|restore|export|import)?|podman login|skopeo login|crane auth login|helm registry login|oc login|cqlsh)[ \t][^\n|;&\\]{0,160}?[ \t]-p[ \t]{1,4}(["']?)([^\s"'`|;&]{6,128})\1(?=[\s"'`|;&]|$)/y,
  lftp: /lftp[ \t]{1,4}-u[ \t]{1,4}(["']?)[\w.@-]{1,64},([^\s"'`|;&,]{4,128})\1(?=[\s"'`|;&]|$)/y,
  smb: /smbclient[ \t][^\n|;&]{0,160}?-U[ \t]{0,4}(["']?)[\w.@\\-]{1,64}%([^\s"'`|;&]{4,128})\1(?=[\s"'`|;&]|$)/y,
  snmp: /snmp-server user[ \t][^\n|;&]{0,80}? auth (?:sha|md5)(["']?)[ \t]{1,4}([^\s"'`|;&]{8,128})(?=\s|$)/y,
  htpasswd:
    /htpasswd[ \t]{1,4}-[a-zA-Z]{0,4}b[a-zA-Z]{0,4}(["']?)[ \t]{1,4}(?:\S{1,120}[ \t]{1,4}){1,2}([^\s"'`|;&]{6,128})(?=[\s"'`|;&]|$)/y,
  alias:
    /mc (?:alias set|config host add)(["']?)[ \t]{1,4}[\w.-]{1,64}[ \t]{1,4}\S{1,200}[ \t]{1,4}\S{1,128}[ \t]{1,4}([^\s"'`|;&]{8,128})(?=\s|$)/y,
  configure:
    /aws configure set[ \t]{1,4}(?:[\w.-]{1,64}\.)?aws_s\w{1,40}[ \t]{1,4}(["']?)([^\s"'`|;&]{16,2048})\1(?=[\s"'`|;&]|$)/y,
  root: /root["'][ \t]{0,4},[ \t]{0,4}(["'])([^\s"'`|;&]{8,128})\1/y,
  chpasswd: /chpasswd[ \t]{0,4}<<<[ \t]{0,4}(["']?)[\w.-]{1,32}:([^\s"'`|;&]{4,128})\1/y,
};

/** The first words of the commands, for the keyword pass. */
export const PASSWORD_COMMANDS: readonly string[] = [
  "mysql",
  "sshpass",
  "redis-cli",
  "docker login",
  "rabbitmqctl",
  "unzip",
  "zip ",
  "sqlcmd ",
  "bcp ",
  "osql ",
  "mongo",
  "podman login",
  "skopeo login",
  "crane auth login",
  "helm registry login",
  "oc login",
  "cqlsh ",
  "lftp ",
  "smbclient ",
  "snmp-server user",
  "htpasswd ",
  "mc alias set",
  "mc config host add",
  "aws configure set",
  "7z ",
  "7za ",
  "ldapsearch",
  "ldapmodify",
  "ldapadd",
  "keytool",
  "jarsigner",
  "openssl",
  "chpasswd",
  `root", "`,
  `root', '`,
];

/** The password option of a command that begins at `at`. */
export function findCommandPassword(text: string, at: number): Candidate | undefined {
  for (const pattern of Object.values(OPTION_OF)) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    const password = match?.[2];
    if (match === null || password === undefined) continue;
    if (isWord(password) || isStandIn(password)) return undefined;
    const end = at + match[0].length - (match[1]?.length ?? 0);
    return likely(end - password.length, end, "command-password");
  }
  return undefined;
}

const PIPED = /[\w.-]{1,32}:([^\s"'`|;&\\:]{6,128})["']?[ \t]{0,4}\|[ \t]{0,4}(?:sudo[ \t])?$/;
const PIPED_CHARS_MAX = 200;

/** `echo "root:password" | chpasswd`; `at` is where the command's name stands. */
export function findPipedPassword(text: string, at: number): Candidate | undefined {
  const lead = text.slice(Math.max(0, at - PIPED_CHARS_MAX), at);
  const match = PIPED.exec(lead);
  const password = match?.[1];
  if (match === null || password === undefined || isStandIn(password) || isWord(password)) return undefined;
  const start = at - lead.length + match.index + match[0].indexOf(password);
  return likely(start, start + password.length, "piped-password");
}

/** A word without digits or marks names a password; it is none. */
function isWord(value: string): boolean {
  return !isLikelyKey(value) && !isLikelyPassword(value) && !/\d[^\d]|[^\d]\d/.test(value);
}

function likely(start: number, end: number, rule: string): Candidate {
  return { start, end, kind: "named-secret", rule, certain: false };
}
