/**
 * A process that is killed outright cannot put the terminal back: on the screen of our own it would leave a person in an empty
 * one, with a mouse that types. A shell waits at the end of a pipe; when the pipe ends without a word, it says what has to
 * be said.
 */
import { spawn } from "node:child_process";

/** `read` fails at the end of the pipe, and only then something is printed. */
const SCRIPT = 'trap "" INT TERM TTOU; read -r _ || printf %s "$1"';

/** @returns ends the watch, without a word to the terminal */
export function guardTerminal(restore: string, stdout: NodeJS.WriteStream): () => void {
  const { fd } = stdout as NodeJS.WriteStream & { readonly fd?: number };
  if (typeof fd !== "number") return () => {};
  const guard = spawn("/bin/sh", ["-c", SCRIPT, "cloister-terminal", restore], {
    // In a session of its own, so that what is sent to our group does not end it, too.
    detached: true,
    stdio: ["pipe", fd, "ignore"],
    env: {},
  });
  // Without a shell nobody watches; all else goes on.
  guard.on("error", () => {});
  guard.stdin?.on("error", () => {});
  guard.unref();
  (guard.stdin as NodeJS.WritableStream & { unref?: () => void })?.unref?.();
  return () => void guard.stdin?.end("done\n");
}
