/** What whoever watches is told of one server. */

/** `login`: it wants to know who asks, and a person has to log in. */
export interface ServerNow {
  readonly name: string;
  readonly state: "idle" | "starting" | "ready" | "failed" | "login";
  readonly tools: number;
  /** Of a failure, in its own words. */
  readonly why?: string;
}
