/** Personal data comes back in the text that a person is shown, however the stream was cut, and nowhere else. */
import type { Seals, UnsealedText } from "@cloister/secrets";
import type { TurnEvent } from "@cloister/wire";
import type { Passage } from "../passage.ts";
import type { Restoring } from "./restoring.ts";

/** For one answer, its passages in order. What holds no placeholder passes as it came, bytes and all. */
export function createShowing(seals: Seals, restoring: Restoring): (passage: Passage) => Passage {
  // Nothing was sealed in this conversation, so nothing can come back.
  if (seals.count === 0) return (passage) => passage;
  let stream = seals.openShown();
  let isHolding = false;

  const note = ({ restored, withheld }: UnsealedText): void => {
    for (const { kind, placeholder } of restored) restoring.restores.push({ file: "", kind, placeholder });
    for (const { placeholder, why } of withheld) if (why === "unknown") restoring.unknown.add(placeholder);
  };
  const step = (event: TurnEvent): readonly TurnEvent[] => {
    if (event.kind === "text") {
      const shown = stream.push(event.text);
      note(shown);
      if (shown.text === event.text && !isHolding) return [event];
      // What is held back may be anything up to a whole placeholder, so only the stream itself knows when it is empty.
      isHolding = true;
      return shown.text === "" ? [] : [{ kind: "text", text: shown.text }];
    }
    if (!isHolding) return [event];
    const rest = stream.end();
    note(rest);
    stream = seals.openShown();
    isHolding = false;
    return rest.text === "" ? [event] : [{ kind: "text", text: rest.text }, event];
  };

  return (passage) => {
    const events = passage.events.flatMap(step);
    const isSame =
      events.length === passage.events.length && events.every((event, at) => event === passage.events[at]);
    return isSame ? passage : { events, raw: undefined };
  };
}
