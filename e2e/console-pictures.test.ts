/** Pictures on the screen: after @, dragged in, and from a clipboard whose program is a script of ours. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createPlace, rehearse, type Place } from "./harness.ts";
import { png } from "./pictures.ts";
import { openPane, type Pane, type PaneOptions } from "./tmux.ts";

const url = `data:image/png;base64,${png.toString("base64")}`;
const word = "[picture 1 · 10×20 · 28 B]";

/** A desktop that holds this picture. */
function createDesk(): Disposable & {
  readonly place: Place;
  readonly environment: NonNullable<PaneOptions["environment"]>;
} {
  const place = createPlace();
  mkdirSync(join(place.home, ".cloister"), { recursive: true });
  writeFileSync(join(place.home, ".cloister", "settings.json"), '{"vision": true}');
  const bin = join(place.base, "bin");
  mkdirSync(bin);
  writeFileSync(join(place.base, "shot one.png"), png);
  const script = `#!/bin/sh\nif [ "$1" = --list-types ]; then echo image/png; else cat "${place.base}/shot one.png"; fi\n`;
  writeFileSync(join(bin, "wl-paste"), script);
  chmodSync(join(bin, "wl-paste"), 0o755);
  return { place, environment: { BIN: bin }, [Symbol.dispose]: () => place[Symbol.dispose]() };
}

async function start(pane: Pane, endpoint: string): Promise<void> {
  await pane.sees("$");
  // tmux gives each shell its own PATH.
  pane.type(`PATH="$BIN:$PATH" cloister --endpoint ${endpoint}`);
  pane.press("Enter");
  await pane.sees(/rehearsal .*internal/);
}

test("pictures from the clipboard, dragged in and after @ go with the message that has their words", async () => {
  using desk = createDesk();
  const { place, environment } = desk;
  writeFileSync(join(place.project, "in.png"), png);
  const rehearsal = await rehearse([{ text: "Cats." }, { text: "None." }]);
  using pane = openPane(place, { environment, columns: 120 });
  await start(pane, rehearsal.url);
  pane.type("see ");
  pane.press("C-v");
  await pane.sees(`❯ see ${word}`);
  pane.paste(join(place.base, "shot\\ one.png"));
  await pane.sees("[picture 2 · 10×20 · 28 B]");
  pane.type("and @in.png please");
  pane.press("Enter");
  await pane.sees(/❯ see \[picture 1 · 10×20 · 28 B\] \[picture 2 .*and @in\.png please[^]*Cats\.[^]*✓/);
  const [first] = rehearsal.requests.map(({ body }) => body.toString("utf8"));
  assert.equal(first?.split(url).length, 4);
  for (const name of ["picture 1, from the clipboard", "picture 2, ", "shot one.png", "user shows: in.png"]) {
    assert.ok(first?.includes(name), name);
  }
  // Two deletions: the blank behind it, and the picture.
  pane.press("C-v");
  await pane.sees("[picture 3 ·");
  pane.press("BSpace", "BSpace");
  pane.type("nothing");
  await pane.sees("❯ nothing");
  pane.press("Enter");
  await pane.sees("None.");
  await rehearsal.close();
  const second = rehearsal.requests.at(-1)?.body.toString("utf8") ?? "";
  assert.equal(second.split(url).length, 4);
  const sources = JSON.stringify(await place.entries());
  assert.match(sources, /"source":"attachment"/);
});

test("over ssh ctrl-v says why not, and what to do", async () => {
  using desk = createDesk();
  const { place, environment } = desk;
  const rehearsal = await rehearse([{ text: "?" }]);
  const ssh = { SSH_CONNECTION: "10.0.0.1 1 10.0.0.2 22", DISPLAY: "", WAYLAND_DISPLAY: "" };
  using pane = openPane(place, { environment: { ...environment, ...ssh } });
  await start(pane, rehearsal.url);
  pane.press("C-v");
  await pane.sees(/over ssh the clipboard is on your own machine/);
  await rehearsal.close();
});
