import type { Backend, ServerKind } from "@cloister/backend";
import type { Label } from "@cloister/policy";
import type { Protocol } from "@cloister/wire";

/** A model server and what it may be shown. */
export interface Endpoint {
  readonly id: string;
  readonly url: string;
  /** What it speaks. */
  readonly protocol: Protocol;
  readonly clearance: Label;
  /** Who runs it: `this machine`, or a name. An address here may lead to somebody else's machine. */
  readonly operator: string;
  /** What the server says it is; unknown where nobody asked. */
  readonly server?: ServerKind;
  readonly backend: Backend;
}
