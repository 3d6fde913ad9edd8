import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CloisterError } from "@cloister/base";
import { readClipboard, type Ask, type Desktop } from "./clipboard.ts";

const png = Buffer.from("89504e470d0a1a0a0000000d494844520000000a0000001408060000", "hex");

/** A desktop with these programs, which are only there to be seen. */
function openDesktop(
  programs: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  platform = "linux",
): Desktop & Disposable {
  const folder = mkdtempSync(join(tmpdir(), "cloister-clipboard-"));
  for (const name of programs) {
    writeFileSync(join(folder, name), "");
    chmodSync(join(folder, name), 0o755);
  }
  return {
    path: ["/nowhere", folder],
    directory: "/nowhere",
    platform,
    variable: (name) => variables[name],
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

/** Answers by the beginning of the command; anything else fails. */
function answers(table: Readonly<Record<string, Buffer | string>>, asked: string[] = []): Ask {
  return (argv) => {
    const line = argv.join(" ");
    asked.push(line);
    const found = table[line];
    return Promise.resolve(found === undefined ? undefined : Buffer.from(found));
  };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof CloisterError) return `${error.code}: ${error.message}; ${error.next}`;
  }
  return "none";
}

test("Wayland's clipboard is asked for what it has, then for the picture", async () => {
  using desktop = openDesktop(["wl-paste", "xclip"]);
  const ask = answers({
    "wl-paste --list-types": "text/html\nimage/png\n",
    "wl-paste --no-newline --type image/png": png,
  });
  const { picture, width, height, bytes } = await readClipboard(desktop, ask);
  assert.deepEqual([width, height, bytes], [10, 20, 28]);
  assert.deepEqual(picture, { kind: "bytes", from: "clipboard", base64: png.toString("base64") });
});

test("where one program has none, the next is asked; text is no picture", async () => {
  using desktop = openDesktop(["wl-paste", "xclip"]);
  const asked: string[] = [];
  const ask = answers(
    {
      "wl-paste --list-types": "text/plain\n",
      "xclip -selection clipboard -o -t TARGETS": "TARGETS\nimage/jpeg\n",
      "xclip -selection clipboard -o -t image/jpeg": png,
    },
    asked,
  );
  assert.equal((await readClipboard(desktop, ask)).width, 10);
  assert.equal(asked.length, 3);
  assert.match(await codeOf(readClipboard(desktop, answers({}))), /no-picture: there is no picture/);
});

test("macOS: pngpaste, or AppleScript's digits", async () => {
  using plain = openDesktop(["osascript"], {}, "darwin");
  const printed = `«data PNGf${png.toString("hex").toUpperCase()}»\n`;
  const ask = answers({ "osascript -e get the clipboard as «class PNGf»": Buffer.from(printed, "latin1") });
  assert.equal((await readClipboard(plain, ask)).height, 20);
  using brewed = openDesktop(["pngpaste", "osascript"], {}, "darwin");
  assert.equal((await readClipboard(brewed, answers({ "pngpaste -": png }))).height, 20);
});

test("over ssh, or without a program, it says why not and what to do", async () => {
  using remote = openDesktop(["wl-paste"], { SSH_CONNECTION: "10.0.0.1 1 10.0.0.2 22" });
  assert.match(await codeOf(readClipboard(remote, answers({}))), /over ssh.*own machine.*scp/);
  using forwarded = openDesktop(["xclip"], { SSH_CONNECTION: "x", DISPLAY: "localhost:10" });
  assert.match(await codeOf(readClipboard(forwarded, answers({}))), /there is no picture/);
  using bare = openDesktop([]);
  assert.match(await codeOf(readClipboard(bare, answers({}))), /install wl-clipboard.*xclip/);
});

test("what is no picture, whatever it says it is, is refused", async () => {
  using desktop = openDesktop(["pngpaste"], {}, "darwin");
  assert.match(
    await codeOf(readClipboard(desktop, answers({ "pngpaste -": "text" }))),
    /bad-picture.*no PNG/,
  );
});

test("a program that lies in the project, where a model can put one, is not started", async (t) => {
  const project = mkdtempSync(join(tmpdir(), "cloister-clipboard-"));
  const beside = mkdtempSync(join(tmpdir(), "cloister-clipboard-"));
  t.after(() => [project, beside].forEach((folder) => rmSync(folder, { recursive: true })));
  const bin = join(project, "node_modules", ".bin");
  mkdirSync(bin, { recursive: true });
  const ran = join(project, "ran");
  for (const name of ["wl-paste", "xclip"]) {
    writeFileSync(join(bin, name), `#!/bin/sh\ntouch ${ran}\n`, { mode: 0o755 });
  }
  const bare = { directory: project, platform: "linux", variable: () => undefined };
  assert.match(await codeOf(readClipboard({ ...bare, path: [bin] })), /install/);
  symlinkSync(join(bin, "xclip"), join(beside, "xclip"));
  assert.match(await codeOf(readClipboard({ ...bare, path: [bin, beside] })), /install/);
  assert.equal(existsSync(ran), false);
});
