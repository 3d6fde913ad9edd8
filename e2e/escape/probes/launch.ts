/** What a launcher passes on without meaning to, what one cell leaves for the next, and what it may use up. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { joined, perl, sh, type Probe } from "../probe.ts";
import type { World } from "../world.ts";

const leaks: readonly Probe[] = (
  [
    {
      name: "environment",
      attempt: "read a key in its environment",
      program: sh("env; cat /proc/self/environ"),
    },
    {
      name: "launcher-environment",
      attempt: "read a key in the environment of whoever started it",
      program: sh(
        "cat /proc/1/environ /proc/$PPID/environ /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'",
      ),
    },
    {
      name: "loader-variables",
      attempt: "be given variables that load code",
      program: sh(
        "env | grep -qE '^(BASH_ENV|ENV|LD_|PERL5|NODE_OPTIONS|PYTHON|GIT_(SSH|CONFIG|EXEC|ASKPASS))' && did",
      ),
    },
    { name: "descriptor-7", attempt: "read a file that was left open", program: sh("(cat <&7) 2>/dev/null") },
    {
      name: "descriptor-9",
      attempt: "read another file that was left open",
      program: sh("(cat <&9) 2>/dev/null; cat /proc/self/fd/9 /dev/fd/9 2>/dev/null"),
    },
    {
      name: "descriptor-40",
      attempt: "read a file left open under a high number",
      program: sh("cat /proc/self/fd/40 /proc/$$/fd/40 /proc/1/fd/40 2>/dev/null"),
    },
    {
      name: "descriptors-all",
      attempt: "read anything that is open in any process it sees",
      program: sh("for f in /proc/[0-9]*/fd/*; do [ -f $f ] && head -c 500 $f; done 2>/dev/null"),
    },
    {
      name: "agent-socket",
      attempt: "reach the SSH agent that a variable names",
      program: perl(
        "my $p = $ENV{SSH_AUTH_SOCK} || '@OUTSIDE@/agent.sock'; socket(my $s, AF_UNIX, SOCK_STREAM, 0) or exit; connect($s, pack_sockaddr_un($p)) or exit; sysread($s, my $t, 200); print $t",
      ),
      prepare: (world) => world.listen(join(world.outside, "agent.sock")),
    },
    {
      name: "message-bus",
      attempt: "reach the message bus that a variable names",
      program: perl(
        "my ($p) = ($ENV{DBUS_SESSION_BUS_ADDRESS} // '') =~ /path=(.*)/; socket(my $s, AF_UNIX, SOCK_STREAM, 0) or exit; connect($s, pack_sockaddr_un($p // '@OUTSIDE@/agent.sock')) or exit; sysread($s, my $t, 200); print $t",
      ),
      prepare: (world) => world.listen(join(world.outside, "agent.sock")),
    },
  ] satisfies readonly Omit<Probe, "group">[]
).map((probe) => joined({ group: "launcher", launch: "with-leaks" }, probe));

const terminal: readonly Probe[] = (
  [
    {
      name: "terminal-typing",
      attempt: "have typed for the user (TIOCSTI)",
      program: perl(
        'for my $d ("/dev/tty", "/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2") { open(my $t, "+<", $d) or next; my $c = "x"; did() if call("ioctl", fileno($t), 0x5412, $c) eq "done" } for my $n (0, 1, 2) { my $c = "x"; did() if call("ioctl", $n, 0x5412, $c) eq "done" }',
      ),
    },
    {
      name: "terminal-typing-high-half",
      attempt: "have typed for the user, with bits that a filter may not look at",
      program: perl(
        'for my $n (0, 1, 2) { my $c = "x"; did() if call("ioctl", $n, 0x100005412, $c) eq "done" }',
      ),
    },
    {
      name: "terminal-paste",
      attempt: "paste into a console (TIOCLINUX)",
      program: perl(
        'for my $n (0, 1, 2) { my $c = "\\x06"; did() if call("ioctl", $n, 0x541c, $c) !~ /EPERM|^$/ and -t STDIN and 0 }',
      ),
    },
    {
      name: "terminal-control",
      attempt: "have the user's terminal as its own",
      program: sh("if (exec 3<>/dev/tty) 2>/dev/null; then did; fi"),
    },
  ] satisfies readonly Omit<Probe, "group">[]
).map((probe) => joined({ group: "launcher", launch: "on-terminal" }, probe));

const places = ["/tmp", "/var/tmp", "/dev/shm", "/run", "@HOME@", "/dev/mqueue"];
const left = (world: World, place: string): string =>
  join(place.replace("@HOME@", world.home), `cloister-${world.token}`);

const leftovers: readonly Probe[] = places.map((place) => ({
  name: `left-in-${place.replaceAll(/[/@]+/g, "-").replace(/^-|-$/g, "").toLowerCase()}`,
  group: "between cells",
  attempt: `leave something in ${place === "@HOME@" ? "the home" : place} for the next cell`,
  program: sh(`(echo x > ${place}/cloister-@TOKEN@) 2>/dev/null`),
  // Its presence, not its content: the suite's secret must not be in a program.
  second: sh(`[ -e ${place}/cloister-@TOKEN@ ] && did`),
  happened: (world: World) => {
    const isThere = existsSync(left(world, place));
    rmSync(left(world, place), { force: true });
    return isThere;
  },
}));

export const launchProbes: readonly Probe[] = [
  ...leaks,
  ...terminal,
  ...leftovers,
  {
    name: "left-in-shared-memory",
    group: "between cells",
    attempt: "leave a shared memory segment for the next cell",
    program: perl("shmget(hex(substr('@TOKEN@', 0, 7)), 64, 0600 | 01000)"),
    second: perl(
      "my $i = shmget(hex(substr('@TOKEN@', 0, 7)), 64, 0600); if (defined $i) { shmctl($i, 0, 0); did() }",
    ),
  },
];
