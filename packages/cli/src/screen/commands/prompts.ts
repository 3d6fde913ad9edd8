/** Commands that are only words to the model. */
import type { Desk } from "@cloister/console";
import type { ScreenWorld } from "./world.ts";

export function review({ words }: ScreenWorld, desk: Desk, rest: string): void {
  const text = rest === "" ? words.review : `${words.review}\n\n${words.reviewOf(rest)}`;
  desk.send(text, rest === "" ? "/review" : `/review ${rest}`);
}

export function init({ words }: ScreenWorld, desk: Desk, rest: string): void {
  desk.send(rest === "" ? words.init : `${words.init}\n\n${rest}`, "/init");
}
