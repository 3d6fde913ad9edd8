/** The doors of a command's network, and there are no others: `--allow HOST` leads out, `--publish PORT` leads in. */
import { openDoorInto, openEgress } from "@cloister/airlock";
import type { Dial } from "@cloister/backend";
import { CloisterError } from "@cloister/base";
import { openCellNetwork, type NetworkNamespace, type Tier } from "@cloister/cell";
import type { Publish } from "./cell-arguments.ts";
import type { CellRecord } from "./cell-record.ts";
import type { Environment } from "./environment.ts";

export interface Door {
  readonly namespace: NetworkNamespace;
  /** Tells programs where their proxy is. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface DoorOptions {
  readonly allow: readonly string[];
  readonly publish: readonly Publish[];
  readonly tier: Tier;
  readonly record: CellRecord;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly environment: Environment;
  readonly dial: Dial;
}

/**
 * Undefined when nothing is allowed or published: then there is no door at all.
 * @throws CloisterError `usage`, `bad-allow-entry`, `cell-network-unavailable`, `inlet-port-taken`
 */
export async function openDoor(options: DoorOptions): Promise<Door | undefined> {
  const { allow, publish, tier, record, user, environment } = options;
  if (allow.length === 0 && publish.length === 0) return undefined;
  if (tier === "none") {
    throw new CloisterError("without a cell the whole network is open, and there is no door to open in it", {
      code: "usage",
      next: "do without --allow and --publish, or without --tier none",
    });
  }
  await using stack = new AsyncDisposableStack();
  const cell = { user, node: environment.node };
  const { session, call } = record;
  const egress =
    allow.length === 0 ? undefined : await openEgress({ session, allow, dial: options.dial, cell });
  stack.defer(() => egress?.close());
  const network = egress?.network ?? (await openCellNetwork({ ...cell, ports: [] }));
  stack.defer(() => network.close());
  const pass = egress?.admit(call);
  stack.defer(() => pass?.end());
  for (const { inside, outside } of publish) {
    const inlet = await openDoorInto({ session, network, port: inside, outsidePort: outside });
    stack.defer(() => inlet.close());
    environment.stderr.write(
      `cloister: http://127.0.0.1:${inlet.port} leads to port ${inside} in the cell\n`,
    );
  }
  const opened = stack.move();
  return {
    namespace: network.namespace,
    environment: pass?.environment ?? {},
    close: () => opened.disposeAsync(),
  };
}
