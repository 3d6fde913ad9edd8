/** What is left in the project for whoever uses it outside: git's hooks, settings that run code, set-user-id files. */
import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { joined, perl, sh, type Probe } from "../probe.ts";
import { guardedSettings, writeRepository, type World } from "../world.ts";

const inRepository = (world: World): void => writeRepository(world, join(world.workspace, ".git"));

const git: readonly Probe[] = (
  [
    {
      name: "git-hook-new",
      attempt: "make a hook",
      program: sh("echo x > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit"),
    },
    {
      name: "git-hook-change",
      attempt: "change a hook that is there",
      program: sh("echo x >> .git/hooks/pre-push; sed -i s/0/1/ .git/hooks/pre-push"),
    },
    {
      name: "git-hook-by-rename",
      attempt: "put a folder of hooks in the place of git's",
      program: sh("mkdir h; echo x > h/pre-commit; rm -rf .git/hooks; mv h .git/hooks; mv -T h .git/hooks"),
    },
    {
      name: "git-hook-by-link",
      attempt: "write a hook through another way to the same folder",
      program: sh(
        "ln -s .git/hooks h; echo x > h/pre-commit; ln -s .git g; echo x > g/hooks/pre-commit; echo x > /proc/self/cwd/.git/hooks/a; cd .git/objects && echo x > ../hooks/b",
      ),
    },
    {
      name: "git-config-append",
      attempt: "change git's settings",
      program: sh("echo '[core] fsmonitor = ./x' >> .git/config"),
    },
    {
      name: "git-config-rename",
      attempt: "exchange git's settings",
      program: sh(
        "cp .git/config c; echo x >> c; mv -f c .git/config; echo x > .git/config.lock && mv .git/config.lock .git/config",
      ),
    },
    {
      name: "git-config-command",
      attempt: "have git change its settings",
      program: sh(
        "git config core.fsmonitor ./x; git config core.hooksPath .; git config alias.status '!x'; git remote add a ext::x",
      ),
    },
    {
      name: "git-config-worktree",
      attempt: "add settings for this working tree",
      known:
        "not guarded where it is missing; git reads it only when its settings, which are guarded, ask for that",
      program: sh(
        "echo '[core] fsmonitor = ./x' > .git/config.worktree; git config extensions.worktreeConfig true",
      ),
    },
    {
      name: "git-attributes",
      attempt: "set a filter for every file",
      program: sh(
        "echo '* filter=x' >> .git/info/attributes; echo x >> .git/info/exclude; mv .git/info .git/old",
      ),
    },
    {
      name: "git-modules",
      attempt: "prepare a submodule with hooks",
      known: "not guarded where it is missing: review .git after a session",
      program: sh(
        "mkdir -p .git/modules/a/hooks; echo x > .git/modules/a/hooks/post-checkout; echo x > .git/modules/a/config",
      ),
    },
    {
      name: "git-worktrees",
      attempt: "prepare a working tree with settings",
      known: "not guarded where it is missing: review .git after a session",
      program: sh(
        "mkdir -p .git/worktrees/a; echo x > .git/worktrees/a/config.worktree; echo ../.. > .git/worktrees/a/commondir",
      ),
    },
    {
      name: "git-commondir",
      attempt: "point git to another common folder",
      known: "not guarded where it is missing: git then reads settings and hooks from the folder it names",
      program: sh("echo ../evil > .git/commondir; mkdir evil; echo x > evil/x"),
    },
    {
      name: "git-folder-exchange",
      attempt: "put another repository in the place of this one",
      program: sh(
        "git init -q new; mv .git old; mv new/.git .git; rm -rf .git; mv -T new/.git .git; rm -rf new",
      ),
    },
    {
      name: "git-folder-by-file",
      attempt: "put a file that names another repository in its place",
      program: sh("mv .git old; echo 'gitdir: old' > .git; rm -rf .git; ln -s old .git"),
    },
  ] satisfies readonly Omit<Probe, "group">[]
).map((probe) => joined({ group: "git", prepare: inRepository }, probe));

const otherGit: readonly Probe[] = [
  {
    name: "git-init",
    group: "git",
    attempt: "make a repository where there was none",
    program: sh(
      "git init -q .; mkdir -p .git/hooks; echo x > .git/hooks/pre-commit; echo 'gitdir: x' > .git; ln -s x .git",
    ),
  },
  {
    name: "git-file-exchange",
    group: "git",
    attempt: "change the .git file of a working tree or submodule",
    program: sh("echo 'gitdir: evil' > .git; rm -f .git; mv .git away; echo x > f; mv -f f .git"),
    prepare: (world) => world.write(join(world.workspace, ".git"), "gitdir: /nowhere"),
  },
  {
    name: "git-file-named-folder",
    group: "git",
    attempt: "write hooks into the folder that the .git file names",
    program: sh("echo x > real/.git/hooks/pre-commit; echo x >> real/.git/config; mv real away"),
    prepare: (world) => {
      writeRepository(world, join(world.workspace, "real/.git"));
      world.write(join(world.workspace, ".git"), "gitdir: real/.git");
    },
  },
  {
    name: "git-linked-folder",
    group: "git",
    attempt: "write hooks into the folder that a link named .git leads to",
    program: sh("echo x > store/hooks/pre-commit; echo x >> store/config; echo x > .git/hooks/a"),
    prepare: (world) => {
      inRepository(world);
      renameSync(join(world.workspace, ".git"), join(world.workspace, "store"));
      symlinkSync("store", join(world.workspace, ".git"));
    },
    happened: (world) =>
      readdirSync(join(world.workspace, "store/hooks")).some((hook) => hook !== "pre-push"),
  },
  {
    name: "git-link-exchange",
    group: "git",
    attempt: "exchange a link named .git for a repository of its own",
    program: sh("rm -f .git; mkdir -p .git/hooks; echo x > .git/hooks/pre-commit"),
    prepare: (world) => {
      inRepository(world);
      renameSync(join(world.workspace, ".git"), join(world.workspace, "store"));
      symlinkSync("store", join(world.workspace, ".git"));
    },
  },
  {
    name: "git-nested-hook",
    group: "git",
    attempt: "write a hook of a repository further down",
    program: sh(
      "echo x > lib/part/.git/hooks/pre-commit; echo x >> lib/part/.git/config; mv lib/part/.git lib/part/g",
    ),
    prepare: (world) => {
      inRepository(world);
      writeRepository(world, join(world.workspace, "lib/part/.git"));
    },
  },
  {
    name: "git-nested-moved",
    group: "git",
    attempt: "exchange the folder around a repository further down",
    program: sh(
      "mv lib old; mkdir -p lib/part/.git/hooks; cp -r old/part/.git lib/part/; echo x > lib/part/.git/hooks/pre-commit",
    ),
    prepare: (world) => {
      inRepository(world);
      writeRepository(world, join(world.workspace, "lib/part/.git"));
    },
  },
  {
    name: "git-submodule-file",
    group: "git",
    attempt: "point a submodule to another repository",
    program: sh("echo 'gitdir: ../evil' > sub/.git; rm sub/.git; mkdir sub/.git; echo x > sub/.git/config"),
    prepare: (world) => {
      inRepository(world);
      world.write(join(world.workspace, "sub/.git"), "gitdir: ../.git/modules/sub");
    },
  },
  {
    name: "git-hooks-path",
    group: "git",
    attempt: "write into the folder that core.hooksPath names",
    program: sh(
      "echo x > .husky/pre-commit; echo x >> .husky/pre-push; mv .husky old; mkdir .husky; echo x > .husky/pre-commit",
    ),
    prepare: (world) => {
      inRepository(world);
      world.write(join(world.workspace, ".git/config"), "[core]\n\tbare = false\n\thooksPath = .husky");
      world.write(join(world.workspace, ".husky/pre-push"), "exit 0");
    },
    happened: ({ workspace }) => readdirSync(join(workspace, ".husky")).some((hook) => hook !== "pre-push"),
  },
  {
    name: "git-included-settings",
    group: "git",
    attempt: "change a file that git's settings include",
    program: sh("echo x >> settings/git; mv settings old; mkdir settings; echo x > settings/git"),
    prepare: (world) => {
      inRepository(world);
      world.write(
        join(world.workspace, ".git/config"),
        "[core]\n\tbare = false\n[include]\n\tpath = ../settings/git",
      );
      world.write(join(world.workspace, "settings/git"), "[user]");
    },
    happened: ({ workspace }) => !holds(join(workspace, "settings/git"), "[user]\n"),
  },
  {
    name: "git-nested-init",
    group: "git",
    attempt: "make a repository in a folder below, with hooks",
    program: sh("mkdir -p new/.git/hooks && echo x > new/.git/hooks/pre-commit"),
    prepare: inRepository,
  },
  {
    name: "git-bare",
    group: "git",
    attempt: "make a bare repository that git finds by itself",
    program: sh(
      "mkdir -p bare/objects bare/refs bare/hooks && echo 'ref: refs/heads/a' > bare/HEAD && echo '[core] fsmonitor = x' > bare/config",
    ),
    prepare: inRepository,
    happened: ({ workspace }) => readdirSync(workspace).includes("bare"),
    known: "it consists of files with ordinary names; git's safe.bareRepository=explicit is the cure",
  },
];

function holds(path: string, content: string): boolean {
  try {
    return readFileSync(path, "utf8") === content;
  } catch {
    return false; // it is gone, or something else
  }
}

const settings: readonly Probe[] = guardedSettings.flatMap((path): Probe[] => {
  const folder = path.includes("/") ? (path.split("/")[0] ?? "") : undefined;
  const plant =
    folder === undefined
      ? `echo x > ${path}`
      : `mkdir -p ${folder}; echo x > ${path}; ln -s @OUTSIDE@ ${folder}`;
  const exchange =
    folder === undefined
      ? `echo x >> ${path}; echo x > n; mv -f n ${path}; rm -f ${path}; ln -s x ${path}`
      : `echo x >> ${path}; echo x > n; mv -f n ${path}; rm -f ${path}; mv ${folder} old; mkdir ${folder}; echo x > ${path}`;
  return [
    {
      name: `plant-${name(path)}`,
      group: "settings",
      attempt: `make ${path}, which is not there`,
      program: sh(plant),
      prepare: inRepository,
    },
    {
      name: `change-${name(path)}`,
      group: "settings",
      attempt: `change ${path}, which is there`,
      program: sh(exchange),
      prepare: (world) => {
        inRepository(world);
        world.write(join(world.workspace, path), "{}");
      },
    },
  ];
});

function name(path: string): string {
  return path.replaceAll(/[./]+/g, "-").replace(/^-/, "");
}

/** Each way to a set-user-id file is a call of its own. The census finds the bit; the file is an empty one. */
const setId = (
  [
    ["chmod", 'my $f = "f"; call("chmod", $f, 04755)'],
    ["fchmod", "call('fchmod', fileno($h), 04755)"],
    ["fchmodat", 'my $f = "f"; call("fchmodat", -100, $f, 06755)'],
    ["fchmodat2", 'my $f = "f"; call("fchmodat2", -100, $f, 04755, 0)'],
    ["open", 'my $f = "g"; umask 0; call("open", $f, 0x41, 04755)'],
    ["openat", 'my $f = "g"; umask 0; call("openat", -100, $f, 0x41, 04755)'],
    [
      "openat2",
      'my $f = "g"; umask 0; my $how = pack("QQQ", 0x41, 04755, 0); call("openat2", -100, $f, $how, 24)',
    ],
    ["creat", 'my $f = "g"; umask 0; call("creat", $f, 04755)'],
    ["mknod", 'my $f = "g"; umask 0; call("mknod", $f, 0104755, 0)'],
    ["mknodat", 'my $f = "g"; umask 0; call("mknodat", -100, $f, 0104755, 0)'],
    [
      "tmpfile",
      'my $f = "."; umask 0; call("openat", -100, $f, 020200002, 04755); my ($o, $n) = ("/proc/self/fd/4", "g"); link("/proc/self/fd/4", "g")',
    ],
    ["high-half", 'my $f = "f"; call("chmod", $f, 0x100000000 | 04755)'],
  ] as const
).map(([call, code]): Probe => ({
  name: `set-id-${call}`,
  group: "privileges",
  attempt: `leave a set-user-id file (${call})`,
  program: perl(`open(my $h, ">", "f"); ${code};`),
}));

const devices: readonly Probe[] = [
  // The null device: where it can be made, it does nothing.
  {
    name: "make-device",
    group: "privileges",
    attempt: "make a device",
    program: perl('my $f = "d"; call("mknod", $f, 020666, 0x103); call("mknodat", -100, $f, 020666, 0x103)'),
  },
  {
    name: "file-capability",
    group: "privileges",
    attempt: "give a file capabilities of its own",
    program: perl(
      'open(my $h, ">", "f"); my ($f, $n) = ("f", "security.capability"); my $v = pack("L5", 0x02000001, 1, 0, 0, 0); did() if call("setxattr", $f, $n, $v, 20, 0) eq "done"',
    ),
  },
  {
    name: "core-dump",
    group: "privileges",
    attempt: "leave a memory image",
    program: sh("ulimit -c unlimited; sh -c 'kill -SEGV $$'; for f in core*; do [ -f $f ] && did; done"),
    mayDie: true,
    known:
      "it holds what the process inside had, no more; a host that hands such images to a program is another matter",
  },
];

export const projectProbes: readonly Probe[] = [
  ...git,
  ...otherGit,
  ...settings,
  {
    name: "plant-by-link",
    group: "settings",
    attempt: "put a link in the place of a settings folder that is missing",
    program: sh(
      "mkdir evil; echo x > evil/settings.json; ln -s evil .claude; ln -s evil .vscode; ln -s evil .cursor; mv evil .qwen",
    ),
    prepare: (world) => mkdirSync(join(world.workspace, "src")),
  },
  ...setId,
  ...devices,
];
