/** Processes that are not the probe's own: seen, read, signalled, outlived. */
import { joined, perl, sh, type Probe } from "../probe.ts";
import { processesOf } from "../witnesses.ts";
import type { World } from "../world.ts";

const withWitness = (world: World): Promise<void> => world.startWitness();
const wasSignalled = (world: World): boolean => world.witnessEndedBy() !== undefined;

const onOthers: readonly Probe[] = (
  [
    {
      name: "witness-environment",
      attempt: "read the environment of a process of the host",
      program: sh("cat /proc/@WITNESS@/environ"),
    },
    {
      name: "witness-seen",
      attempt: "see a process of the host",
      program: sh("[ -d /proc/@WITNESS@ ] && grep -qs witness /proc/@WITNESS@/cmdline && did"),
    },
    {
      name: "all-environments",
      attempt: "read the environment of any process",
      program: sh("cat /proc/[0-9]*/environ 2>/dev/null"),
    },
    {
      name: "witness-memory",
      attempt: "read a process's memory through /proc",
      program: perl(
        'open(my $m, "<", "/proc/@WITNESS@/maps"); while (<$m>) { next unless /^(\\w+)-(\\w+) .*\\[stack\\]/; open(my $f, "<:raw", "/proc/@WITNESS@/mem"); my ($a, $b) = (hex $1, hex $2); sysseek($f, $b - 8192, 0); sysread($f, my $t, 8192); print $t }',
      ),
    },
    {
      name: "witness-vm-read",
      attempt: "read a process's memory by system call",
      program: perl(
        'open(my $m, "<", "/proc/@WITNESS@/maps"); my $e; while (<$m>) { $e = hex $1 if /^\\w+-(\\w+) .*\\[stack\\]/ } my $t = "\\0" x 8192; ' +
          'my $l = pack("PQ", $t, 8192); my $r = pack("QQ", ($e // 8192) - 8192, 8192); call("process_vm_readv", @WITNESS@, $l, 1, $r, 1, 0); print $t',
      ),
    },
    // PTRACE_SEIZE attaches without stopping; the end of the probe detaches.
    {
      name: "witness-trace",
      attempt: "trace a process of the host",
      program: perl('did() if call("ptrace", 0x4206, @WITNESS@, 0, 0) eq "done"'),
    },
    {
      name: "witness-signal",
      attempt: "signal a process of the host",
      program: sh("kill -USR1 @WITNESS@"),
      happened: wasSignalled,
    },
    {
      name: "witness-pidfd",
      attempt: "signal a process of the host by its descriptor",
      program: perl(
        'my $n = $nr{pidfd_open}; my $d = syscall($n, @WITNESS@, 0); call("pidfd_send_signal", $d, 10, 0, 0) if $d >= 0',
      ),
      happened: wasSignalled,
    },
    {
      name: "witness-descriptor",
      attempt: "take a descriptor of a process of the host",
      program: perl(
        'my $n = $nr{pidfd_open}; my $d = syscall($n, @WITNESS@, 0); did() if $d >= 0 and call("pidfd_getfd", $d, 0, 0) eq "done"',
      ),
    },
    {
      name: "witness-limits",
      attempt: "read or set the limits of a process of the host",
      program: perl('my $o = "\\0" x 16; did() if call("prlimit64", @WITNESS@, 4, 0, $o) eq "done"'),
    },
    {
      name: "witness-niceness",
      attempt: "slow down a process of the host",
      program: sh("renice -n 1 -p @WITNESS@ >/dev/null 2>&1 && did"),
    },
    {
      name: "witness-compare",
      attempt: "compare itself with a process of the host in the kernel",
      program: perl('did() if call("kcmp", $$, @WITNESS@, 0, 0, 0) eq "done"'),
    },
  ] satisfies readonly Omit<Probe, "group">[]
).map((probe) => joined({ group: "processes", prepare: withWitness }, probe));

/** Lives for half a minute at most; the suite ends it when it finds it. */
const SURVIVOR = `/bin/sh -c "sleep 25; : survivor-@TOKEN@" </dev/null >/dev/null 2>&1`;

const survivors: readonly Probe[] = (
  [
    ["background", `${SURVIVOR} &`],
    ["setsid", `setsid ${SURVIVOR} &`],
    ["nohup", `nohup setsid ${SURVIVOR} & sleep 0.1`],
    ["double-fork", `(setsid ${SURVIVOR} &); (trap '' HUP TERM; ${SURVIVOR} &); sleep 0.1`],
  ] as const
).map(([name, code]): Probe => ({
  name: `survive-${name}`,
  group: "processes",
  attempt: "go on after the command has ended",
  program: sh(code),
  happened: async (world) => {
    const left = await stillThere(`survivor-${world.token}`);
    for (const pid of left) end(pid);
    return left.length > 0;
  },
}));

const LOOKS = 20;
const LOOK_MS = 25;

/** The kernel takes a moment to end a namespace; what is there after half a second stays. */
async function stillThere(token: string): Promise<number[]> {
  let found = processesOf(token);
  for (let look = 0; look < LOOKS && found.length > 0; look++) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    found = processesOf(token);
  }
  return found;
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    /* it ended by itself */
  }
}

export const processProbes: readonly Probe[] = [
  ...onOthers,
  ...survivors,
  {
    name: "harness-seen",
    group: "processes",
    attempt: "see who started it",
    program: sh("[ -d /proc/@HARNESS@ ] && grep -qs escape /proc/@HARNESS@/cmdline && did"),
  },
  {
    name: "many-processes",
    group: "processes",
    attempt: "see the processes of the host",
    program: sh(`n=0; for p in /proc/[0-9]*; do n=$((n+1)); done; [ $n -gt 20 ] && did`),
  },
  {
    name: "launcher-command-line",
    group: "processes",
    attempt: "learn the host's folders from the launcher's command line",
    program: sh(
      "for p in /proc/[0-9]*; do if [ $p != /proc/$$ ] && tr '\\0' '\\n' < $p/cmdline | grep -q 'bi''nd\\|/outs''ide'; then did; fi; done 2>/dev/null",
    ),
  },
  {
    name: "own-trace",
    group: "processes",
    attempt: "trace a process of its own, which lays open the kernel's tracing",
    program: perl(
      'my $p = fork; if (!$p) { sleep 5; exit } did() if call("ptrace", 0x4206, $p, 0, 0) eq "done"; kill 9, $p',
    ),
  },
];
