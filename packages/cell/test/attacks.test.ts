/** Published attacks on other agents' sandboxes, as cases: what is prepared, what is tried, what must not have happened. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { hiddenPaths, openCells, runInCell, type Cells } from "../src/index.ts";

interface Attack {
  readonly name: string;
  /** The weakness it was published as, or whose family it belongs to. */
  readonly source: string;
  readonly prepare?: (place: Place) => void;
  /** One after the other, each in a cell of its own. `$W` is the workspace, `$O` a folder beside it. */
  readonly commands: readonly string[];
  /** Which folder each starts in; the workspace when absent. */
  readonly directory?: (place: Place) => string;
  /** Said by a command that did not fail on the way. */
  readonly says?: RegExp;
}

interface Place {
  readonly workspace: string;
  readonly outside: string;
}

const SECRET = ["attack", "canary", "5f1d"].join("-");

const attacks: readonly Attack[] = [
  {
    name: "a folder whose name begins like the workspace's is not part of it",
    source: "CVE-2025-54794, CVE-2025-53110",
    prepare: ({ workspace }) => {
      mkdirSync(`${workspace}-other`);
      writeFileSync(join(`${workspace}-other`, "secret.txt"), SECRET);
    },
    commands: ["cat $W-other/secret.txt ../*-other/secret.txt; echo x > $W-other/made; echo tried"],
    says: /tried/,
  },
  {
    name: "a link made by one command leads the next one nowhere",
    source: "CVE-2026-39861",
    commands: [
      "ln -s $O out && echo linked",
      "echo x > out/made; cat out/secret.txt; cp README.md out/copied; echo tried",
    ],
    says: /linked[^]*tried/,
  },
  {
    name: "git takes no file from beside the project",
    source: "CVE-2026-27735",
    prepare: ({ workspace }) => void execFileSync("git", ["init", "-q", workspace]),
    commands: [
      "git add ../outside/secret.txt; git add $O/secret.txt; git --work-tree=$O add secret.txt; git hash-object -w $O/secret.txt; " +
        "git cat-file --batch-check --batch-all-objects; git show :secret.txt; echo tried",
    ],
    says: /tried/,
  },
  {
    name: "a working directory beside the project does not become writable by being named",
    source: "CVE-2025-59532, CVE-2026-50548",
    directory: ({ outside }) => outside,
    commands: ["touch made; cat secret.txt"],
  },
  {
    name: "a hidden file is hidden under its other names too",
    source: "CVE-2026-25724 and its family",
    prepare: ({ workspace }) => {
      writeFileSync(join(workspace, ".env"), SECRET);
      linkSync(join(workspace, ".env"), join(workspace, "harmless.txt"));
    },
    commands: ["cat .env harmless.txt; ln -s .env e; cat e; cp harmless.txt c; cat c; echo tried"],
    says: /tried/,
  },
  {
    name: "two commands share no temporary file that one could have prepared for the other",
    source: "CVE-2026-46406",
    commands: [
      "ln -s $O/made /tmp/paste; echo x > /tmp/paste; touch /tmp/left",
      "ls -A /tmp /var/tmp /dev/shm; echo x > /tmp/paste; echo tried",
    ],
    says: /tried/,
  },
  {
    name: "a name that carries a secret is asked of nobody",
    source: "CVE-2025-55284",
    prepare: ({ workspace }) => writeFileSync(join(workspace, "names.txt"), "a.sink.test\n"),
    commands: [
      "for n in $(cat names.txt); do getent hosts $n && echo RESOLVED; ping -c1 -W1 $n && echo RESOLVED; done; test -e /etc/resolv.conf && echo RESOLVED; echo tried",
    ],
    says: /tried/,
  },
  {
    name: "no list of allowed hosts means no host, on any path to one",
    source: "CVE-2025-66479, and reports of metadata services reached by other spellings",
    commands: [
      "for a in 127.0.0.1 169.254.169.254 100.100.100.200 2852039166 0x7f000001 '::1' '::ffff:169.254.169.254'; do " +
        "(exec 3<>/dev/tcp/$a/80) 2>/dev/null && echo CONNECTED; done; tail -n +2 /proc/net/route; echo tried",
    ],
    says: /^tried$/m,
  },
  {
    name: "the environment is a short list, and so is that of whoever can be seen",
    source: "GMO Flatt, June 2026",
    commands: [
      "env | cut -d= -f1 | sort | tr '\\n' ' '; cat /proc/*/environ | tr '\\0' '\\n' | cut -d= -f1 | grep -i -E 'token|secret|key|aws|cloister'; echo tried",
    ],
    says: /^(?:(?:HOME|OLDPWD|O|PATH|PWD|SHLVL|W|_) )+tried$/m,
  },
];

let base: string;
let cells: Cells;

before(async () => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "cell-attacks-")));
  cells = await openCells({
    tier: "bubblewrap",
    scratch: mkdtempSync(join(base, "cells-")),
    architecture: process.arch,
    user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
  });
});

after(() => {
  cells.close();
  rmSync(base, { recursive: true, force: true });
});

for (const [index, attack] of attacks.entries()) {
  test(`${attack.name} (${attack.source})`, async () => {
    const place = {
      workspace: join(base, String(index), "project"),
      outside: join(base, String(index), "outside"),
    };
    for (const folder of [place.workspace, place.outside]) mkdirSync(folder, { recursive: true });
    writeFileSync(join(place.outside, "secret.txt"), SECRET);
    writeFileSync(join(place.workspace, "README.md"), "A project.\n");
    attack.prepare?.(place);
    let output = "";
    for (const command of attack.commands) output += await attempt(attack, place, command);
    assert.ok(!output.includes(SECRET), output);
    assert.doesNotMatch(output, /RESOLVED|CONNECTED|^left$/m);
    assert.deepEqual(readdirSync(place.outside), ["secret.txt"]);
    if (attack.says !== undefined) assert.match(output, attack.says);
    const others = readdirSync(join(base, String(index))).filter((name) => name.endsWith("-other"));
    for (const name of others) assert.deepEqual(readdirSync(join(base, String(index), name)), ["secret.txt"]);
  });
}

test("where no user namespace can be had, there is a refusal and no weaker cell (nested containers)", async () => {
  const refusing = join(base, "bwrap");
  writeFileSync(refusing, "#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2; exit 1\n", {
    mode: 0o755,
  });
  const opening = openCells({
    tier: "bubblewrap",
    scratch: mkdtempSync(join(base, "refused-")),
    architecture: process.arch,
    user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    bwrapPaths: [refusing],
  });
  await assert.rejects(opening, { code: "cell-unavailable" });
});

async function attempt(attack: Attack, place: Place, command: string): Promise<string> {
  const { workspace, outside } = place;
  const view = {
    ...{ workspace, home: join(base, "home"), readable: [], sockets: [], system: "whole" as const },
    hidden: hiddenPaths(workspace).paths.map(({ path }) => path),
  };
  const environment = { PATH: "/usr/bin:/bin", HOME: view.home, W: workspace, O: outside };
  const launch = {
    argv: ["/bin/bash", "-c", command],
    directory: attack.directory?.(place) ?? workspace,
    environment,
  };
  const limits = { timeoutMs: 30_000, outputBytesMax: 50_000 };
  const { output } = await runInCell(cells, view, launch, limits, new AbortController().signal);
  return output;
}
