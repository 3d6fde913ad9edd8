/** The kernel's surface: namespaces, mounts, capabilities, devices, and calls that nobody needs for work on code. */
import { joined, perl, sh, type Probe } from "../probe.ts";

const group = "kernel";

const unshared = (
  [
    ["user", 0x10000000],
    ["network", 0x40000000],
    ["mount", 0x00020000],
    ["process", 0x20000000],
    ["control-group", 0x02000000],
    ["host-name", 0x04000000],
    ["ipc", 0x08000000],
    ["time", 0x00000080],
    ["user-and-network", 0x50000000],
  ] as const
).map(([name, flag]): Probe => ({
  name: `namespace-${name}`,
  group: "namespaces",
  attempt: `make a namespace (${name})`,
  // In a child, which ends at once.
  program: perl(
    `my $p = fork; if (!$p) { did() if call("unshare", ${flag}) eq "done"; exit } waitpid($p, 0)`,
  ),
}));

/** A deed is recognised by the answer that comes after the permission was given. */
const calls: readonly Probe[] = (
  [
    {
      name: "clone-user",
      attempt: "start a process in a user namespace (clone)",
      program: perl(
        "my $r = syscall($nr{clone}, 0x10000000 | 17, 0, 0, 0, 0); if ($r == 0) { require POSIX; POSIX::_exit(0) } did() if $r > 0; waitpid($r, 0) if $r > 0",
      ),
    },
    {
      name: "clone3-user",
      attempt: "start a process in a user namespace (clone3)",
      program: perl(
        'my $a = pack("Q8", 0x10000000, 0, 0, 0, 17, 0, 0, 0); my $r = syscall($nr{clone3}, $a, 64); if ($r == 0) { require POSIX; POSIX::_exit(0) } did() if $r > 0; waitpid($r, 0) if $r > 0',
      ),
    },
    {
      name: "clone3-at-all",
      attempt: "use clone3, whose flags no filter can read",
      program: perl(
        'my $a = pack("Q8", 0, 0, 0, 0, 17, 0, 0, 0); my $r = syscall($nr{clone3}, $a, 64); if ($r == 0) { require POSIX; POSIX::_exit(0) } did() if $r > 0; waitpid($r, 0) if $r > 0',
      ),
    },
    {
      name: "enter-namespace",
      attempt: "enter a namespace by a descriptor",
      program: perl(
        'for my $n ("net", "ipc", "uts", "cgroup") { open(my $h, "<", "/proc/1/ns/$n") or open($h, "<", "/proc/self/ns/$n") or next; did() if call("setns", fileno($h), 0) eq "done" }',
      ),
    },
    // No such file system: nothing can be mounted by it.
    {
      name: "mount",
      attempt: "mount",
      program: perl(
        'mkdir "m"; my ($d, $t) = ("m", "no-such-fs"); did() if call("mount", 0, $d, $t, 0, 0) eq "ENODEV"',
      ),
    },
    {
      name: "unmount",
      attempt: "unmount",
      program: perl('mkdir "m"; my $d = "m"; did() if call("umount2", $d, 0) eq "EINVAL"'),
    },
    {
      name: "mount-in-namespace",
      attempt: "mount in a user namespace of its own",
      program: sh("unshare -Urm sh -c 'mkdir -p m; mount -t tmpfs none m' 2>/dev/null && did"),
    },
    {
      name: "uncover-proc",
      attempt: "mount a fresh /proc",
      program: sh("mkdir -p m; unshare -Urpmf sh -c 'mount -t proc none m' 2>/dev/null && did"),
    },
    {
      name: "pivot-root",
      attempt: "change the root of the mounts",
      program: perl(
        'my ($a, $b) = ("no-such-a", "no-such-b"); did() if call("pivot_root", $a, $b) eq "ENOENT"',
      ),
    },
    {
      name: "change-root",
      attempt: "change its root",
      program: perl('my $d = "."; did() if call("chroot", $d) eq "done"'),
    },
    {
      name: "open-tree",
      attempt: "copy a tree of mounts",
      program: perl('my $d = "/"; did() if call("open_tree", -100, $d, 0x8001) eq "done"'),
    },
    {
      name: "open-file-system",
      attempt: "prepare a file system",
      program: perl('my $t = "tmpfs"; did() if call("fsopen", $t, 0) eq "done"'),
    },
    {
      name: "keyring-add",
      attempt: "put a key into a keyring",
      program: perl(
        'my ($t, $d, $p) = ("user", "cloister-probe", "x"); did() if call("add_key", $t, $d, $p, 1, -2) eq "done"',
      ),
    },
    {
      name: "keyring-session",
      attempt: "use the session's keyring",
      program: perl('did() if call("keyctl", 0, -3, 0) eq "done"'),
    },
    {
      name: "keyring-request",
      attempt: "ask for a key",
      program: perl(
        'my ($t, $d) = ("user", "cloister-no-such-key"); did() if call("request_key", $t, $d, 0, 0) !~ /EPERM|ENOSYS|^$/',
      ),
    },
    { name: "keys-listed", attempt: "list keys", program: sh("[ -s /proc/keys ] && did") },
    {
      name: "packet-programs",
      attempt: "load a program into the kernel",
      program: perl(
        'my $a = pack("L32", (0) x 32); $a = pack("LLLL", 2, 4, 8, 1) . ("\\0" x 112); did() if call("bpf", 0, $a, 128) !~ /EPERM|ENOSYS|^$/',
      ),
    },
    {
      name: "performance-events",
      attempt: "use performance events",
      program: perl('did() if call("perf_event_open", 0, 0, -1, -1, 0) !~ /EPERM|ENOSYS|EACCES|^$/'),
    },
    {
      name: "user-faults",
      attempt: "handle page faults itself, which helps races in the kernel",
      program: perl('did() if call("userfaultfd", 1) eq "done"'),
    },
    {
      name: "ring",
      attempt: "use io_uring, which goes past filters",
      program: perl('my $p = "\\0" x 120; did() if call("io_uring_setup", 1, $p) eq "done"'),
    },
    {
      name: "new-kernel",
      attempt: "load another kernel",
      program: perl('did() if call("kexec_load", 0, 0, 0, 0xdead) eq "EINVAL"'),
    },
    {
      name: "module-load",
      attempt: "load a module",
      program: perl('my $p = ""; did() if call("init_module", 0, 0, $p) !~ /EPERM|ENOSYS|^$/'),
    },
    {
      name: "module-load-file",
      attempt: "load a module from a file",
      program: perl('my $p = ""; did() if call("finit_module", -1, $p, 0) !~ /EPERM|ENOSYS|^$/'),
    },
    {
      name: "module-remove",
      attempt: "remove a module",
      program: perl(
        'my $p = "cloister_no_such_module"; did() if call("delete_module", $p, 2048) eq "ENOENT"',
      ),
    },
    {
      name: "restart",
      attempt: "restart the machine",
      program: perl('did() if call("reboot", 0, 0, 0, 0) eq "EINVAL"'),
    },
    {
      name: "swap",
      attempt: "change swap",
      program: perl('my $p = "no-such-file"; did() if call("swapon", $p, 0) eq "ENOENT"'),
    },
    {
      name: "accounting",
      attempt: "turn on process accounting",
      program: perl('my $p = "no-such-file"; did() if call("acct", $p) eq "ENOENT"'),
    },
    {
      name: "kernel-log",
      attempt: "read the kernel's log",
      program: perl('did() if call("syslog", 10, 0, 0) eq "done"'),
    },
    // To the name that it has.
    {
      name: "rename-host",
      attempt: "rename the host",
      program: perl(
        'require POSIX; my $n = (POSIX::uname())[1]; did() if call("sethostname", $n, length $n) eq "done"',
      ),
    },
    {
      name: "ports",
      attempt: "speak to hardware ports",
      program: perl('did() if call("iopl", 3) eq "done"'),
    },
    {
      name: "other-calls",
      attempt: "use the system calls of x32, which have other numbers",
      program: perl("did() if $nr{x32_getpid} and syscall($nr{x32_getpid}) > 0"),
      mayDie: true,
    },
    {
      name: "watch-files",
      attempt: "watch the files of everybody",
      program: perl('did() if call("fanotify_init", 0x0, 0) eq "done"'),
    },
    {
      name: "real-time",
      attempt: "take a processor for itself",
      program: perl('my $p = pack("l", 1); did() if call("sched_setscheduler", 0, 1, $p) eq "done"'),
    },
    { name: "hurry", attempt: "go before others", program: sh("nice -n -5 true 2>&1 | grep -q . || did") },
    {
      name: "unkillable",
      attempt: "be spared when memory ends",
      program: sh("(echo -500 > /proc/self/oom_score_adj) 2>/dev/null && did"),
    },
    {
      name: "terminal-injection",
      attempt: "have typed for the user, by a terminal that is not its own",
      program: perl(
        'open(my $t, "+<", "/dev/tty") or exit; my $c = "x"; did() if call("ioctl", fileno($t), 0x5412, $c) eq "done"',
      ),
    },
  ] satisfies readonly Omit<Probe, "group">[]
).map((probe) => joined({ group }, probe));

const status: readonly Probe[] = [
  {
    name: "capabilities",
    group: "privileges",
    attempt: "have a capability",
    program: sh(
      `grep -E '^Cap(Eff|Prm|Inh|Amb|Bnd)' /proc/self/status | grep -qv '0000000000000000$' && did`,
    ),
  },
  {
    name: "new-privileges",
    group: "privileges",
    attempt: "gain rights by a set-user-id program",
    program: sh("grep -q 'NoNewPrivs:[[:space:]]*0' /proc/self/status && did"),
  },
  {
    name: "no-filter",
    group: "privileges",
    attempt: "be without a system-call filter",
    program: sh("grep -q 'Seccomp:[[:space:]]*0' /proc/self/status && did"),
  },
  {
    name: "become-root",
    group: "privileges",
    attempt: "become root",
    program: perl("$< = 0; $> = 0; did() if $> == 0; require POSIX; POSIX::setuid(0) and $> == 0 and did()"),
  },
  {
    name: "groups",
    group: "privileges",
    attempt: "keep a group that opens devices",
    program: sh("for g in $(id -G); do [ $g != $(id -g) ] && [ $g != 65534 ] && did; done"),
  },
  {
    name: "map-users",
    group: "privileges",
    attempt: "change which users it stands for",
    program: sh(
      "for f in uid_map gid_map setgroups; do (echo '0 0 1' > /proc/self/$f) 2>/dev/null && did; done",
    ),
  },
];

const deviceNames = [
  "mem",
  "port",
  "kmsg",
  "loop-control",
  "loop0",
  "fuse",
  "net/tun",
  "kvm",
  "vhost-net",
  "vhost-vsock",
  "vsock",
  "uinput",
  "btrfs-control",
  "snapshot",
  "console",
  "tty0",
  "tty1",
  "vcs",
  "hwrng",
  "vda",
  "sda",
  "nvme0n1",
  "mapper/control",
];

const devices: readonly Probe[] = deviceNames.map((name) => ({
  name: `device-${name.replaceAll("/", "-")}`,
  group: "devices",
  attempt: `open /dev/${name}`,
  program: sh(`if (exec 3</dev/${name}) 2>/dev/null; then did; fi`),
}));

/** Opened for writing, nothing is written. */
const kernelFiles: readonly Probe[] = (
  [
    ["core-pattern", "/proc/sys/kernel/core_pattern"],
    ["modprobe-path", "/proc/sys/kernel/modprobe"],
    ["binary-formats", "/proc/sys/fs/binfmt_misc/register"],
    ["system-request", "/proc/sysrq-trigger"],
    ["memory-settings", "/proc/sys/vm/overcommit_memory"],
    ["interrupts", "/proc/irq/default_smp_affinity"],
    ["event-program", "/sys/kernel/uevent_helper"],
    ["power", "/sys/power/state"],
    ["group-release", "/sys/fs/cgroup/memory/release_agent"],
    ["group-members", "/sys/fs/cgroup/cgroup.procs"],
    ["group-members-old", "/sys/fs/cgroup/pids/cgroup.procs"],
    ["debug-files", "/sys/kernel/debug/tracing/trace_marker"],
  ] as const
).map(([name, path]): Probe => ({
  name: `write-${name}`,
  group: "kernel files",
  attempt: `open ${path} for writing`,
  program: sh(`if [ -e ${path} ] && (exec 3>>${path}) 2>/dev/null; then did; fi`),
}));

const rootOnly: ReadonlySet<string> = new Set(["page-flags", "slabs"]);

const readFiles: readonly Probe[] = (
  [
    ["kernel-memory", "/proc/kcore"],
    ["kernel-messages", "/proc/kmsg"],
    ["kernel-events", "/sys/kernel/debug"],
    ["firmware", "/sys/firmware/dmi/tables/DMI"],
    ["timers", "/proc/timer_list"],
    ["page-flags", "/proc/kpageflags"],
    ["slabs", "/proc/slabinfo"],
  ] as const
).map(([name, path]) => {
  const own = {
    name: `read-${name}`,
    attempt: `read ${path}`,
    program: sh(
      `if [ -d ${path} ]; then [ -n "$(ls ${path} 2>/dev/null)" ] && did; elif dd if=${path} of=/dev/null bs=64 count=1 iflag=nonblock 2>/dev/null; then did; fi`,
    ),
  };
  const known = "for a launcher that is root, who owns this file; an ordinary user is refused";
  return joined(rootOnly.has(name) ? { group: "kernel files", known } : { group: "kernel files" }, own);
});

export const kernelProbes: readonly Probe[] = [
  ...unshared,
  ...calls,
  ...status,
  ...devices,
  ...kernelFiles,
  ...readFiles,
  {
    name: "kernel-addresses",
    group: "kernel files",
    attempt: "learn the kernel's addresses",
    program: sh("head -1 /proc/kallsyms 2>/dev/null | grep -q '^0*[1-9a-f]' && did"),
  },
  {
    name: "system-folder",
    group: "kernel files",
    attempt: "look through /sys",
    program: sh(`[ -n "$(ls /sys/devices /sys/block 2>/dev/null)" ] && did`),
  },
];
