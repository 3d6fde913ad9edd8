/**
 * One attempt to get out of a cell. Whatever it tries must be harmless where it succeeds, for it will be run where
 * nothing holds it: it touches its own fixture only, opens without writing, signals its own witness, and calls the
 * kernel in a way that does nothing after the permission was checked.
 */
import type { World } from "./world.ts";

export interface Probe {
  readonly name: string;
  readonly group: string;
  /** What would be an escape, as the end of "this gets to …". */
  readonly attempt: string;
  readonly program: Program;
  /** The second of two cells, one after the other: it looks for what the first left. */
  readonly second?: Program;
  /** Prepares the fixture before anything runs. */
  readonly prepare?: (world: World) => void | Promise<void>;
  /** Looks from outside, after all is over. The secret, the marker and the census are looked for in any case. */
  readonly happened?: (world: World) => boolean | Promise<boolean>;
  /**
   * It is about what the launcher itself inherits (environment, descriptors, a terminal), so it needs one that is a
   * process of its own.
   */
  readonly launch?: "with-leaks" | "on-terminal";
  /** It may end by a signal before its last line. */
  readonly mayDie?: boolean;
  /** Why this is known to succeed, and where that is said. It is counted apart. */
  readonly known?: string;
}

export type Program =
  | { readonly language: "sh"; readonly code: string }
  /** Perl is part of the base of most distributions, and calls the kernel by number. */
  | { readonly language: "perl"; readonly code: string };

export function sh(code: string): Program {
  return { language: "sh", code };
}

export function perl(code: string): Program {
  return { language: "perl", code };
}

/** What several probes have in common, unless one says otherwise. */
export function joined(common: Omit<Partial<Probe>, "name">, own: Omit<Probe, "group">): Probe {
  return { group: "", ...common, ...own };
}

/** What a probe prints. Each text is put together as it runs, so that a launcher that prints the command is no escape. */
export interface Marks {
  readonly did: string;
  readonly started: string;
  readonly ended: string;
}

export function marksOf(token: string): Marks {
  return { did: `DID-${token}`, started: `STARTED-${token}`, ended: `ENDED-${token}` };
}

/** `did` is for a deed that only the probe itself can see; `@NAME@` stands for a value of its world. */
export function toArguments(
  program: Program,
  values: Readonly<Record<string, string | number>>,
  architecture: string,
): string[] {
  const fill = (text: string): string =>
    text.replace(/@([A-Z_]+)@/g, (whole, name: string) => String(values[name] ?? whole));
  switch (program.language) {
    case "sh":
      return ["/bin/sh", "-c", fill(`${SH_BEFORE}${program.code}\n${SH_AFTER}`)];
    case "perl":
      // The shell says the end, so that a call that kills the process shows as an end all the same.
      return [
        "/bin/sh",
        "-c",
        fill(`perl -e "$1"\n${SH_AFTER}`),
        "probe",
        fill(`${perlNumbers(architecture)}${PERL_BEFORE}${program.code}`),
      ];
  }
}

const SH_BEFORE = `did() { echo "DI""D-@TOKEN@"; }
echo "STAR""TED-@TOKEN@"
`;
const SH_AFTER = `echo "EN""DED-@TOKEN@"`;

const PERL_BEFORE = `use Socket; $| = 1;
sub did { print "DI" . "D-@TOKEN@\\n" }
print "STAR" . "TED-@TOKEN@\\n";
# What the kernel answers: undefined where the architecture has no such call, an error's name, or "done".
sub call { my $n = shift; return "" unless defined $nr{$n}; $! = 0; my $r = syscall($nr{$n}, @_); return $r < 0 ? (
  $!{EPERM} ? "EPERM" : $!{ENOSYS} ? "ENOSYS" : $!{EACCES} ? "EACCES" : $!{EINVAL} ? "EINVAL" : $!{ENOENT} ? "ENOENT" :
  $!{ENODEV} ? "ENODEV" : $!{EFAULT} ? "EFAULT" : "other") : "done" }
`;

/** Perl's own list of numbers (syscall.ph) is missing from most installations. asm/unistd_64.h, asm-generic/unistd.h. */
const callNumbers: Readonly<Record<string, readonly [x64: number | undefined, arm64: number | undefined]>> = {
  acct: [163, 89],
  add_key: [248, 217],
  bpf: [321, 280],
  capset: [126, 91],
  chmod: [90, undefined],
  chroot: [161, 51],
  clone: [56, 220],
  clone3: [435, 435],
  creat: [85, undefined],
  delete_module: [176, 106],
  fanotify_init: [300, 262],
  fchmod: [91, 52],
  fchmodat: [268, 53],
  fchmodat2: [452, 452],
  finit_module: [313, 273],
  fsopen: [430, 430],
  init_module: [175, 105],
  io_uring_setup: [425, 425],
  iopl: [172, undefined],
  ioctl: [16, 29],
  kcmp: [312, 272],
  kexec_load: [246, 104],
  keyctl: [250, 219],
  mkdirat: [258, 34],
  mknod: [133, undefined],
  mknodat: [259, 33],
  mount: [165, 40],
  name_to_handle_at: [303, 264],
  open: [2, undefined],
  open_by_handle_at: [304, 265],
  open_tree: [428, 428],
  openat: [257, 56],
  openat2: [437, 437],
  perf_event_open: [298, 241],
  pidfd_getfd: [438, 438],
  pidfd_open: [434, 434],
  pidfd_send_signal: [424, 424],
  pivot_root: [155, 41],
  prlimit64: [302, 261],
  process_vm_readv: [310, 270],
  ptrace: [101, 117],
  reboot: [169, 142],
  request_key: [249, 218],
  sched_setscheduler: [144, 119],
  setns: [308, 268],
  sethostname: [170, 161],
  setxattr: [188, 5],
  swapon: [167, 224],
  syslog: [103, 116],
  umount2: [166, 39],
  unshare: [272, 97],
  userfaultfd: [323, 282],
  x32_getpid: [0x4000_0027, undefined],
};

function perlNumbers(architecture: string): string {
  const column = architecture === "arm64" ? 1 : 0;
  const pairs = Object.entries(callNumbers)
    .filter(([, numbers]) => numbers[column] !== undefined)
    .map(([name, numbers]) => `${name}=>${numbers[column]}`);
  return `use Errno; my %nr = (${pairs.join(",")});\n`;
}
