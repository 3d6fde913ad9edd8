// `npm run picture`: the terminal screen in a session of the product, as an SVG for the README. The model is
// scripted; everything else is real: the terminal is tmux, and the files are changed.
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createPlace, rehearse } from "../harness.ts";
import { openPane } from "../tmux.ts";
import { toSvg } from "./svg.ts";

const COLUMNS = 96;
const ROWS = 40;

const cart = [
  "export function total(items, discount) {",
  "  // discount is a percentage",
  "  const sum = items.reduce((all, item) => all + item.price, 0);",
  "  return sum * discount;",
  "}",
  "",
].join("\n");

if (import.meta.main) {
  const root = resolve(import.meta.dirname, "../..");
  const place = createPlace({ "src/cart.js": cart, "package.json": '{"type": "module"}\n' });
  const check =
    'import { total } from "./src/cart.js"; console.log("10 % off 100:", total([{ price: 100 }], 10))';
  const rehearsal = await rehearse(
    [
      {
        text: "I look at the function first.",
        calls: [{ name: "Read", arguments: { file_path: "src/cart.js" } }],
      },
      {
        calls: [
          {
            name: "Edit",
            arguments: {
              file_path: "src/cart.js",
              old_string: "  return sum * discount;",
              new_string: "  return sum * (1 - discount / 100);",
            },
          },
          { name: "Bash", arguments: { command: `node -e '${check}'` } },
        ],
      },
      {
        text: "The total was multiplied by the percentage itself. Now it is reduced by it:\n\n- `discount` of **10** takes a tenth off\n- nothing else in `src/` calls `total`\n",
      },
    ],
    { paceMs: 25 },
  );
  const pane = openPane(place, { columns: COLUMNS, rows: ROWS, environment: { COLORTERM: "truecolor" } });
  try {
    await pane.sees("$");
    pane.type(`clear; cloister --endpoint ${rehearsal.url}`);
    pane.press("Enter");
    await pane.sees(/rehearsal .*internal/);
    pane.type("the discount in src/cart.js is wrong");
    pane.press("Enter");
    await pane.sees(/✓ .*3 turns/);
    await pane.sees("What shall be done?");
    const shown = pane
      .screen({ colours: true })
      .replaceAll(place.project, "~/shop")
      .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:8080");
    const lines = shown.split("\n");
    const first = lines.findIndex((line) => line.includes("cloister "));
    mkdirSync(join(root, "docs/pictures"), { recursive: true });
    writeFileSync(
      join(root, "docs/pictures/screen.svg"),
      toSvg(lines.slice(Math.max(0, first)).join("\n"), COLUMNS),
    );
    console.log("docs/pictures/screen.svg");
  } finally {
    pane[Symbol.dispose]();
    await rehearsal.close();
    place[Symbol.dispose]();
  }
}
