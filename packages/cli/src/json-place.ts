/** Where a JSON text is wrong. Of what the engine says only the place: it quotes the text, which may hold what nobody should see. */
import { messageOf } from "@cloister/base";

/** @param error as `parseJson` throws it; "" where its cause names no place */
export function placeInJson(error: unknown): string {
  const cause = error instanceof Error ? messageOf(error.cause) : "";
  const [place] = /line \d+ column \d+/u.exec(cause) ?? [];
  return place === undefined ? "" : `, at ${place}`;
}
