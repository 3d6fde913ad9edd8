/** A page as the agent gets it: the keeper's answer on the cell's side of the socket. */
import { CloisterError, isRecord } from "@cloister/base";
import type { WebRefusal } from "./refusal.ts";

export type FetchedPage =
  | {
      readonly kind: "page";
      readonly url: string;
      readonly status: number;
      readonly mediaType: string;
      readonly charset?: string;
      readonly body: Uint8Array;
    }
  | WebRefusal;

/** The keeper is trusted, so only the outline is checked. @throws CloisterError `bad-page` */
export function readFetchedPage(value: unknown): FetchedPage {
  if (isRecord(value) && value["kind"] === "refused") return value as unknown as WebRefusal;
  if (isRecord(value) && value["kind"] === "page" && typeof value["body"] === "string") {
    const page = value as unknown as Extract<FetchedPage, { kind: "page" }>;
    return { ...page, body: Buffer.from(value["body"], "base64") };
  }
  throw new CloisterError("the keeper answered with something that is no page", { code: "bad-page" });
}
