/** Messages on their way: said but not in the conversation yet, and those that wait for the work at hand. */
import type { UserMessage } from "@cloister/agent";
import { line, span, type Line } from "./text/line.ts";
import type { ConsoleWords } from "./words/type.ts";

export interface OutgoingMessage {
  readonly text: string;
  /** As it was written, pastes and notes left out. */
  readonly shown: string;
}

export interface Outbox {
  send(message: OutgoingMessage, isLater: boolean): void;
  /** What to show for a message that is in the conversation now. */
  delivered(text: string): string;
  /** The work at hand is done. True: the next message is on its way. */
  ended(): boolean;
  /** The last one that waits, back into the editor. */
  takeBack(): string | undefined;
  /** Whether anything was said that is not in the conversation yet. */
  readonly hasWaiting: boolean;
  lines(words: ConsoleWords): Line[];
}

const WAITING_MAX = 50;

export function createOutbox(send: (message: UserMessage) => void): Outbox {
  let sent: OutgoingMessage[] = [];
  const later: OutgoingMessage[] = [];
  const go = (message: OutgoingMessage): void => {
    sent = [...sent.slice(1 - WAITING_MAX), message];
    send({ text: message.text });
  };
  return {
    send: (message, isLater) => {
      if (isLater && later.length < WAITING_MAX) later.push(message);
      else go(message);
    },
    delivered: (text) => {
      const found = sent.findIndex((message) => message.text === text);
      // Sealing changes what comes back; then the oldest is the one that was meant.
      const [message] = sent.splice(Math.max(0, found), 1);
      return found >= 0 && message !== undefined ? message.shown : text;
    },
    ended: () => {
      const next = later.shift();
      if (next !== undefined) go(next);
      return next !== undefined;
    },
    takeBack: () => later.pop()?.shown,
    get hasWaiting() {
      return sent.length + later.length > 0;
    },
    lines: (words) => [
      ...sent.map(({ shown }) => line(span(`  ${words.sent}: ${shown}`, "dim"))),
      ...later.map(({ shown }) => line(span(`  ${words.queued}: ${shown}`, "dim"))),
    ],
  };
}
