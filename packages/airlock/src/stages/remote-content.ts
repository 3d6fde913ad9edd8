/**
 * What a request would have the model's server fetch from somewhere else. Model servers follow the address of a picture
 * by themselves: whoever writes the address would reach the network through them, past the cell and past the record.
 */
import { CloisterError, isRecord, type JsonObject } from "@cloister/base";

/** Where the three protocols, and what servers made of them, have addresses of content. */
const addressKeys = ["image_url", "video_url", "audio_url", "file_url", "server_url"] as const;
const mediaTypes: ReadonlySet<unknown> = new Set(["image", "video", "audio"]);
const mediaKeys = ["url", "image", "video", "audio"] as const;

/** @throws CloisterError `refused` */
export function checkContent(record: JsonObject): void {
  const texts = [
    ...addressKeys.map((key) => {
      const value = record[key];
      return isRecord(value) ? value["url"] : value;
    }),
    ...(record["type"] === "url" ? [record["url"]] : []),
    ...(mediaTypes.has(record["type"]) ? mediaKeys.map((key) => record[key]) : []),
  ];
  if (!texts.some((text) => typeof text === "string" && isRemote(text))) return;
  throw new CloisterError("the request has an address in it that the model's server would fetch", {
    code: "refused",
    rule: "built-in remote-content",
    next: "send the picture or the document itself, as data; what is behind an address is not on record",
  });
}

/** Blanks before it are passed over by whoever follows it. */
function isRemote(text: string): boolean {
  return !/^[\s\p{Cc}]*data:/iu.test(text) && /^[\s\p{Cc}]*(?:[a-z][a-z0-9+.-]*:|\/\/|\/|~|\.)/iu.test(text);
}
