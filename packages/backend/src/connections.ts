// Connections that are kept between requests.

import { Agent } from "node:http";
import type { ClientRequestArgs } from "node:http";
import type { Duplex } from "node:stream";
import { messageOf } from "@cloister/base";
import type { Connect } from "./network/connect.ts";
import { keepAliveFirstMs } from "./network/socket.ts";

/** An idle connection is closed after that: servers close theirs after five seconds, some without a word. */
const idleMsMax = 4000;
const idleConnectionsMax = 64;

export interface Connections {
  /** Keeps connections alive between requests, for each server its own. */
  readonly shared: Agent;
  /** A new connection for each request, closed after it. */
  readonly fresh: Agent;
  /** Fires when they are closed; no connection is made after that. */
  readonly closing: AbortSignal;
  /** Ends every connection at once, also those that are being made. */
  close(): void;
}

/** What every request tells the agent that it goes through. */
export interface Asking {
  readonly to: URL;
  /** Ends the attempt to connect. */
  readonly attempt: AbortSignal;
}

export function openConnections(connect: Connect): Connections {
  const closing = new AbortController();
  const open: Connect = (to, signal) => connect(to, AbortSignal.any([signal, closing.signal]));
  const shared = new Pool(open, true);
  const fresh = new Pool(open, false);
  return {
    shared,
    fresh,
    closing: closing.signal,
    close() {
      closing.abort();
      shared.destroy();
      fresh.destroy();
    },
  };
}

/** Node's pool, whose connections are ours: so one agent speaks plain and over TLS, directly and through a proxy. */
class Pool extends Agent {
  readonly #connect: Connect;

  constructor(connect: Connect, keepAlive: boolean) {
    super({
      ...{ keepAlive, keepAliveMsecs: keepAliveFirstMs },
      ...{ timeout: idleMsMax, maxFreeSockets: idleConnectionsMax },
    });
    this.#connect = connect;
  }

  override getName(options?: ClientRequestArgs): string {
    return askingOf(options).to.origin;
  }

  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    // There is a socket or an error; Node's types know no error without a socket.
    const done = callback as (error: Error | null, socket?: Duplex) => void;
    void this.#open(askingOf(options), done);
  }

  async #open({ to, attempt }: Asking, done: (error: Error | null, socket?: Duplex) => void): Promise<void> {
    let socket: Duplex;
    try {
      socket = await this.#connect(to, attempt);
    } catch (error) {
      done(error instanceof Error ? error : new Error(messageOf(error)));
      return;
    }
    done(null, socket);
  }
}

/** Node hands all options of a request through to its agent, those that it does not know as well. */
function askingOf(options: ClientRequestArgs | undefined): Asking {
  return options as ClientRequestArgs & Asking;
}
