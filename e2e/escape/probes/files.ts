/** Files that are not the project's: read, written, or found by a link, a handle or another name. */
import { linkSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { joined, perl, sh, type Probe } from "../probe.ts";
import { secretHomeFiles, type World } from "../world.ts";

const homeGroups: Readonly<Record<string, readonly string[]>> = {
  "ssh-key": [".ssh/id_ed25519"],
  "cloud-keys": [
    ".aws/credentials",
    ".config/gcloud/application_default_credentials.json",
    ".azure/msal_token_cache.json",
  ],
  "browser-passwords": [".mozilla/firefox/a.default/logins.json", ".config/google-chrome/Default/Login?Data"],
  keyrings: [
    ".local/share/keyrings/login.keyring",
    ".gnupg/private-keys-v1.d/a.key",
    ".password-store/bank.gpg",
  ],
  "registry-tokens": [".npmrc", ".netrc", ".pypirc", ".cargo/credentials.toml", ".docker/config.json"],
  "cluster-and-git-tokens": [".kube/config", ".git-credentials", ".config/gh/hosts.yml"],
  "other-agents-tokens": [
    ".claude/.credentials.json",
    ".codex/auth.json",
    ".qwen/oauth_creds.json",
    ".gemini/oauth_creds.json",
  ],
  "shell-history": [".bash_history", ".zsh_history"],
  "ledger-key": [".cloister/keys/ledger.key"],
};

const group = "files";

const homeReads: readonly Probe[] = Object.entries(homeGroups).map(([name, paths]) => ({
  prepare: (world) => {
    for (const path of secretHomeFiles) world.write(join(world.home, path));
  },
  name: `read-${name}`,
  group,
  attempt: `read ${paths.join(", ")} of the home`,
  program: sh(paths.map((path) => `cat @HOME@/${path}`).join("; ")),
}));

/** Opened for appending, nothing is written: where the door is open, nothing happens. */
const appended = ["/etc/passwd", "/etc/ld.so.cache", "/usr/bin/env", "/etc/profile"].map((path): Probe => ({
  name: `append-${path.slice(1).replaceAll("/", "-")}`,
  group,
  attempt: `open ${path} for writing`,
  program: sh(`if (exec 3>>${path}) 2>/dev/null && [ -s ${path} ]; then did; fi`),
}));

const hidden: readonly Probe[] = (
  [
    {
      name: "read-dot-env",
      attempt: "read the project's .env",
      program: sh("cat .env .env.local config/.env.production"),
    },
    {
      name: "copy-dot-env",
      attempt: "read .env by another name",
      program: sh("cp .env a; mv .env.local b; ln config/.env.production c; cat a b c"),
    },
    {
      name: "link-to-dot-env",
      attempt: "read .env through a symbolic link and /proc",
      program: sh(
        "ln -s .env s; cat s; cat /proc/self/cwd/.env; cat /proc/self/root@WORKSPACE@/.env; cat < .env",
      ),
    },
    {
      name: "replace-dot-env",
      attempt: "uncover .env by removing what covers it",
      program: sh(
        "rm -f .env; umount .env; chmod 600 .env; cat .env; mv config away; cat away/.env.production",
      ),
    },
    {
      name: "hard-link-of-dot-env",
      attempt: "read .env by a second name that was there before",
      program: sh("cat second-name.txt"),
      prepare: (world) => linkSync(join(world.workspace, ".env"), join(world.workspace, "second-name.txt")),
    },
  ] satisfies readonly Omit<Probe, "group">[]
).map((probe: Omit<Probe, "group">) => {
  const prepare = async (world: World): Promise<void> => {
    for (const name of [".env", ".env.local", "config/.env.production"]) {
      world.write(join(world.workspace, name));
    }
    await probe.prepare?.(world);
  };
  return joined({ group: "hidden" }, Object.assign({}, probe, { prepare }));
});

export const fileProbes: readonly Probe[] = [
  ...homeReads,
  ...appended,
  ...hidden,
  {
    name: "read-ignored",
    group: "hidden",
    attempt: "read what the project's ignore file names",
    program: sh("cat private/plan.txt notes.secret"),
    prepare: (world) => {
      world.write(join(world.workspace, ".cloisterignore"), "private/\n*.secret");
      world.write(join(world.workspace, "private/plan.txt"));
      world.write(join(world.workspace, "notes.secret"));
    },
  },
  {
    name: "read-neighbour",
    group,
    attempt: "read another project beside this one",
    program: sh("cat ../workspace-other/secret.txt @OTHER@/secret.txt"),
  },
  {
    name: "read-outside",
    group,
    attempt: "read a file of the host by its path",
    program: sh("cat @OUTSIDE@/secret.txt; cd @WORKSPACE@; cat ../outside/secret.txt"),
  },
  {
    name: "search-all",
    group,
    attempt: "find a secret by searching around",
    program: sh("grep -rs secret- @BASE@ | head -c 5000"),
  },
  {
    name: "list-neighbours",
    group,
    attempt: "learn the names of other projects",
    program: sh("ls @BASE@ | grep -q workspace-other && did"),
  },
  {
    name: "write-outside",
    group,
    attempt: "write beside the project",
    program: sh("echo x > @OUTSIDE@/made; echo x >> @OTHER@/secret.txt; cd ..; echo x > made"),
  },
  {
    name: "delete-outside",
    group,
    attempt: "delete a file beside the project",
    program: sh("rm -f @OUTSIDE@/secret.txt; mv @OTHER@ @BASE@/moved"),
  },
  {
    name: "write-start-up-files",
    group,
    attempt: "write the shell's start-up files",
    program: sh(
      "for f in .bashrc .profile .zshenv .ssh/authorized_keys .ssh/rc; do echo x >> @HOME@/$f; done",
    ),
  },
  {
    name: "write-autostart",
    group,
    attempt: "leave something that starts with the desktop",
    program: sh(
      "mkdir -p @HOME@/.config/autostart @HOME@/.config/systemd/user; echo x > @HOME@/.config/autostart/a.desktop; echo x > @HOME@/.config/systemd/user/a.service",
    ),
  },
  {
    name: "move-workspace",
    group,
    attempt: "put another folder in the project's place",
    program: sh("cd /; mv @WORKSPACE@ @BASE@/gone; mkdir @WORKSPACE@; ln -s @OUTSIDE@ @WORKSPACE@"),
  },
  {
    name: "read-shadow",
    group,
    attempt: "open the system's password hashes",
    program: sh("if (exec 3</etc/shadow) 2>/dev/null; then did; fi"),
  },
  {
    name: "list-root-home",
    group,
    attempt: "list root's home",
    program: sh(`[ -n "$(ls -A /root 2>/dev/null)" ] && did`),
  },
  {
    name: "list-homes",
    group,
    attempt: "list the homes of others",
    program: sh(
      `for d in /home/*/; do [ -n "$(ls -A $d 2>/dev/null)" ] && [ "$d" != "@HOME@/" ] && did; done`,
    ),
  },
  {
    name: "read-logs",
    group,
    attempt: "list the system's logs",
    program: sh(`[ -n "$(ls -A /var/log 2>/dev/null)" ] && did`),
  },
  {
    name: "read-machine-id",
    group,
    attempt: "learn the machine's number",
    program: sh("[ -s /etc/machine-id ] && did; [ -s /var/lib/dbus/machine-id ] && did"),
  },
  {
    name: "host-name",
    group,
    attempt: "learn the host's name",
    program: sh(`[ "$(uname -n)" = "@HOST_NAME@" ] && did`),
  },
  {
    name: "working-directory",
    group,
    attempt: "gain a place by going there first",
    program: sh("cd @OUTSIDE@ && echo x > made; cd @HOME@ && cat .ssh/id_ed25519"),
  },

  {
    name: "link-out-read",
    group: "links",
    attempt: "read through a symbolic link out of the project",
    program: sh(
      "ln -s @HOME@/.ssh/id_ed25519 key; cat key; ln -s @OUTSIDE@ o; cat o/secret.txt; ln -s ../outside p; cat p/secret.txt",
    ),
  },
  {
    name: "link-out-write",
    group: "links",
    attempt: "write through a symbolic link out of the project",
    program: sh(
      "ln -s @OUTSIDE@ out; echo x > out/made; cp README.md out/; tar cf - README.md | tar xf - -C out",
    ),
  },
  {
    name: "link-planted-write",
    group: "links",
    attempt: "write through links that came with the project",
    program: sh("echo x > out/made; echo x > dangling; echo x >> direct"),
    prepare: (world) => {
      symlinkSync(world.outside, join(world.workspace, "out"));
      symlinkSync(join(world.outside, "made-by-dangling"), join(world.workspace, "dangling"));
      symlinkSync(join(world.outside, "secret.txt"), join(world.workspace, "direct"));
    },
  },
  {
    name: "link-dangling",
    group: "links",
    attempt: "make a file outside through a dangling link",
    program: sh("ln -s @OUTSIDE@/made d; echo x > d; ln -s ../outside/made2 e; cp README.md e"),
  },
  {
    name: "hard-link-out",
    group: "links",
    attempt: "give a file outside a name inside",
    program: sh(
      "ln @HOME@/.ssh/id_ed25519 k; ln @OUTSIDE@/secret.txt s; ln ../outside/secret.txt t; cat k s t",
    ),
  },
  {
    name: "link-race",
    group: "links",
    attempt: "write outside by exchanging a folder and a link while writing",
    program: sh(
      "mkdir d; (i=0; while [ $i -lt 150 ]; do i=$((i+1)); mv d e; ln -s @OUTSIDE@ d; rm d; mv e d; done) & " +
        "i=0; while [ $i -lt 300 ]; do i=$((i+1)); (echo x > d/made) 2>/dev/null; (cat d/secret.txt) 2>/dev/null; done; wait",
    ),
  },
  {
    name: "proc-self-root",
    group: "links",
    attempt: "reach the host's root through /proc/self/root",
    program: sh("cat /proc/self/root@HOME@/.ssh/id_ed25519 /proc/thread-self/root@OUTSIDE@/secret.txt"),
  },
  {
    name: "proc-1-root",
    group: "links",
    attempt: "reach the host's root through process 1",
    program: sh(
      "cat /proc/1/root@HOME@/.ssh/id_ed25519 /proc/1/cwd@OUTSIDE@/secret.txt /proc/1/cwd/../outside/secret.txt",
    ),
  },
  {
    name: "proc-all-roots",
    group: "links",
    attempt: "reach the host's root through any process",
    program: sh(
      "for p in /proc/[0-9]*; do cat $p/root@OUTSIDE@/secret.txt $p/cwd/../outside/secret.txt; done 2>/dev/null",
    ),
  },
  {
    name: "proc-all-descriptors",
    group: "links",
    attempt: "go up from a folder that somebody holds open",
    program: sh(
      "for f in /proc/[0-9]*/fd/*; do cat $f/../outside/secret.txt $f@OUTSIDE@/secret.txt; done 2>/dev/null",
    ),
  },
  {
    name: "proc-map-files",
    group: "links",
    attempt: "read what other processes have mapped",
    program: sh(
      "for f in /proc/@HARNESS@/map_files/* /proc/@HARNESS@/fd/*; do [ -e $f ] && did && break; done",
    ),
  },
  {
    name: "old-root",
    group: "links",
    attempt: "find the root from before the cell",
    program: sh("for d in /oldroot /newroot /.oldroot /put_old; do cat $d@OUTSIDE@/secret.txt; done"),
  },
  {
    name: "planted-mount-points",
    group: "links",
    attempt: "have the launcher make files outside while it prepares the mounts (CVE-2026-87766)",
    program: sh("true"),
    prepare: (world) => {
      const { workspace, outside } = world;
      mkdirSync(join(workspace, ".git"));
      for (const [name, target] of [
        [".cloister", outside],
        [".git/hooks", join(outside, "made-hooks")],
        [".git/config", join(outside, "made-config")],
        [".claude", outside],
        [".vscode", join(outside, "made-vscode")],
        [".env", join(outside, "made-env")],
      ] as const) {
        symlinkSync(`/oldroot${target}`, join(workspace, name));
      }
    },
  },
  {
    name: "file-handle",
    group: "links",
    attempt: "open the root of the file system by its handle",
    program: perl(
      'my $h = pack("L l", 128, 0) . ("\\0" x 128); my $m = pack("l", 0); my $p = "@WORKSPACE@"; call("name_to_handle_at", -100, $p, $h, $m, 0); ' +
        "opendir(my $d, '.'); did() if call('open_by_handle_at', fileno($d), $h, 0) =~ /done|ENOENT|other|EFAULT/;",
    ),
  },
];
