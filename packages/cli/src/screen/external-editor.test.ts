import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { editExternally } from "./external-editor.ts";

interface Desk extends Disposable {
  readonly project: string;
  readonly own: string;
  readonly ran: string;
  edit(editor: string, path: readonly string[]): Promise<string>;
}

/** A project with an editor of a stranger's in it, by two ways, and a folder of the person's own programs. */
function openDesk(): Desk {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "cloister-editor-")));
  const project = join(base, "project");
  const own = join(base, "own");
  const ran = join(base, "ran");
  for (const folder of [join(project, "bin"), own]) mkdirSync(folder, { recursive: true });
  for (const place of [project, join(project, "bin")]) {
    writeFileSync(join(place, "ed-it"), `#!/bin/sh\ntouch ${ran}\n`, { mode: 0o755 });
  }
  return {
    ...{ project, own, ran },
    edit: (editor, path) =>
      editExternally("before", {
        ...{ directory: project, temporary: base, path },
        variable: (name) => ({ EDITOR: editor, HOME: base })[name],
      }),
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }),
  };
}

test("an editor by its bare name is the person's own, though PATH leads into the project first", async () => {
  using desk = openDesk();
  const { project, own, ran } = desk;
  writeFileSync(join(own, "ed-it"), "#!/bin/sh\nfor last; do :; done\nprintf after > $last\n", {
    mode: 0o755,
  });
  const path = [".", join(project, "bin"), project, own, "/usr/bin", "/bin"];
  assert.equal(await desk.edit("ed-it", path), "after");
  assert.equal(await desk.edit("  ed-it --wait", path), "after");
  assert.equal(existsSync(ran), false);
});

test("an editor that lies in the project, by a link, a path or PATH alone, is refused by name", async () => {
  using desk = openDesk();
  const { project, own, ran } = desk;
  symlinkSync(join(project, "bin/ed-it"), join(own, "ed-it"));
  for (const [editor, path] of [
    ["ed-it", [own]],
    ["ed-it", [join(project, "bin")]],
    ["./ed-it", ["/usr/bin"]],
    [join(project, "bin/ed-it"), ["/usr/bin"]],
    [join(own, "ed-it"), ["/usr/bin"]],
  ] as const) {
    await assert.rejects(desk.edit(editor, path), { code: "editor-in-project" }, editor);
  }
  assert.equal(existsSync(ran), false);
});

test("an editor is named as shells have it: quoted, with escaped blanks, below the home", async () => {
  using desk = openDesk();
  const { own } = desk;
  const spaced = join(own, "my editor");
  writeFileSync(spaced, "#!/bin/sh\nfor last; do :; done\nprintf after > $last\n", { mode: 0o755 });
  for (const editor of [`"${spaced}" --wait`, `'${spaced}'`, spaced.replace(" ", "\\ ")]) {
    assert.equal(await desk.edit(editor, ["/usr/bin", "/bin"]), "after", editor);
  }
  // Not refused for where it lies: the shell looks below a home that has none of it.
  for (const editor of ["~/own/my\\ editor", '"$HOME/own/my editor" -w']) {
    await assert.rejects(desk.edit(editor, ["/usr/bin", "/bin"]), { code: "editor-failed" }, editor);
  }
  for (const editor of ['"./ed-it"', "'bin/ed-it' -w", ".\\/ed-it", "~/project/ed-it"]) {
    await assert.rejects(desk.edit(editor, ["/usr/bin"]), { code: "editor-in-project" }, editor);
  }
});

test("an editor that is not there, or takes the file away, has failed, with a word on what to do", async () => {
  using desk = openDesk();
  await assert.rejects(desk.edit("no-such-editor", ["/usr/bin"]), {
    ...{ code: "editor-failed", message: /there is no program no-such-editor/ },
  });
  await assert.rejects(desk.edit("rm -f", ["/usr/bin", "/bin"]), { code: "editor-failed", next: /save it/ });
});
