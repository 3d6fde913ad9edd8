/** System-call numbers by architecture: asm/unistd_64.h (x86-64) and asm-generic/unistd.h (arm64) of Linux. */
import { CloisterError } from "@cloister/base";

export type Architecture = "x64" | "arm64";

interface CallTable {
  /** AUDIT_ARCH_* of linux/audit.h. */
  readonly audit: number;
  readonly calls: Readonly<Record<SystemCall, number | undefined>>;
}

// name: [x86-64, arm64]; undefined where the architecture never had the call.
const table = {
  clone3: [435, 435],
  openat2: [437, 437],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  pidfd_getfd: [438, 438],
  kcmp: [312, 272],
  keyctl: [250, 219],
  add_key: [248, 217],
  request_key: [249, 218],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  move_mount: [429, 429],
  open_tree: [428, 428],
  mount_setattr: [442, 442],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  setns: [308, 268],
  open_by_handle_at: [304, 265],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  quotactl: [179, 60],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  syslog: [103, 116],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  vhangup: [153, 58],
  iopl: [172, undefined],
  ioperm: [173, undefined],
  adjtimex: [159, 171],
  clock_adjtime: [305, 266],
  quotactl_fd: [443, 443],
  open_tree_attr: [467, 467],
  fanotify_init: [300, 262],
  process_madvise: [440, 440],
  lookup_dcookie: [212, 18],
  nfsservctl: [180, 42],
  uselib: [134, undefined],
  modify_ldt: [154, undefined],
  clone: [56, 220],
  unshare: [272, 97],
  ioctl: [16, 29],
  chmod: [90, undefined],
  fchmod: [91, 52],
  fchmodat: [268, 53],
  fchmodat2: [452, 452],
  creat: [85, undefined],
  mknod: [133, undefined],
  mknodat: [259, 33],
  open: [2, undefined],
  openat: [257, 56],
  socket: [41, 198],
  socketpair: [53, 199],
} as const;

export type SystemCall = keyof typeof table;

export const numbers: Readonly<Record<Architecture, CallTable>> = {
  x64: { audit: 0xc000_003e, calls: column(0) },
  arm64: { audit: 0xc000_00b7, calls: column(1) },
};

/** @throws CloisterError `cell-architecture` for a processor without a table. */
export function toArchitecture(name: string): Architecture {
  if (name === "x64" || name === "arm64") return name;
  throw new CloisterError(`no system-call filter for the ${name} architecture`, {
    code: "cell-architecture",
    next: "use an x86-64 or arm64 machine",
  });
}

function column(index: 0 | 1): Readonly<Record<SystemCall, number | undefined>> {
  const entries = Object.entries(table).map(([name, pair]) => [name, pair[index]]);
  return Object.fromEntries(entries) as Record<SystemCall, number | undefined>;
}
