/** The program that waits in a cell until it is told which command to become, and how it is told. */
import type { CellView, Launch } from "./view.ts";

/**
 * `read` takes a byte at a time, so only a short command is a line; a longer one follows, and `cat` reads it. The
 * descriptor is closed before the command is there, and this PATH is for `cat` alone.
 */
export const waitingShell: readonly string[] = [
  "/bin/sh",
  "-c",
  'cloister_n="\n"; PATH=/usr/bin:/bin; echo >&5 && IFS= read -r cloister_order <&5 && eval "$cloister_order"',
];

const LINE_CHARS_MAX = 1000;

/**
 * What the shell evaluates: it takes the variables, and becomes the command. Not by way of `env`, whose arguments
 * everybody on this machine could read for a moment.
 */
export function orderFor({ argv, environment, directory }: Launch): string {
  // PWD is bubblewrap's word for where a command begins; the others are the shell's own, and nobody's word.
  const variables = Object.entries({ PWD: directory, ...environment });
  const exported = variables.map(([name, value]) => `${name}=${quote(value)}`).join(" ");
  const line = `unset OLDPWD SHLVL; export ${exported}; exec ${argv.map(quote).join(" ")} 5<&-`;
  if (line.length <= LINE_CHARS_MAX) return `${line.replaceAll("\n", `'"$cloister_n"'`)}\n`;
  return `eval "$(cat <&5)"\n${line}\n`;
}

/** In single quotes nothing means anything but the quote itself. */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * A command that the waiting shell can become as it is: from the workspace, with no report asked for and no terminal
 * handed on, and with nothing in it that means something to the shell itself.
 */
export function isPlain(view: CellView, launch: Launch): boolean {
  const { argv, directory, environment, stdio, reportPipe } = launch;
  const [program = ""] = argv;
  return (
    view.system === "whole" &&
    directory === view.workspace &&
    reportPipe !== true &&
    stdio?.includes("inherit") !== true &&
    program !== "" &&
    !program.startsWith("-") &&
    Object.keys(environment).every((name) => variableName.test(name) && !shellsOwn.test(name))
  );
}

const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** What one shell or another gives a meaning, or lets nobody set. */
const shellsOwn =
  /^(?:_|SHLVL|IFS|ENV|PS[0-4]|PPID|E?UID|GROUPS|LINENO|RANDOM|SRANDOM|SECONDS|EPOCH.*|OPT(?:ARG|ERR|IND)|SHELLOPTS|POSIXLY_CORRECT|BASH.*|DIRSTACK|FUNCNAME|HISTCMD|PIPESTATUS|cloister_.*)$/;
