/**
 * The system-call filter of a cell, assembled here as classic BPF (seccomp(2), linux/filter.h): no native code,
 * and the whole rule can be read on one page. It closes what namespaces leave open: sockets that ignore the
 * network namespace (vsock, Unix paths), kernel surface nobody needs for work on code, and terminal injection.
 */
import assert from "node:assert/strict";
import { numbers, type Architecture, type SystemCall } from "./syscalls.ts";

export interface FilterOptions {
  readonly architecture: Architecture;
  /** Let the process create Unix sockets. The agent needs it for its one socket; a command does not. */
  readonly unixSockets: boolean;
}

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

// Pretending that these do not exist makes libraries fall back to calls that the filter can inspect.
const absent: readonly SystemCall[] = [
  "clone3",
  "openat2",
  "io_uring_setup",
  "io_uring_enter",
  "io_uring_register",
];

const forbidden: readonly SystemCall[] = [
  ...(["ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp"] as const),
  ...(["keyctl", "add_key", "request_key", "bpf", "perf_event_open", "userfaultfd"] as const),
  ...(["mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "mount_setattr"] as const),
  ...(["fsopen", "fsconfig", "fsmount", "fspick", "setns", "open_by_handle_at"] as const),
  ...(["kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot"] as const),
  ...(["swapon", "swapoff", "acct", "quotactl", "settimeofday", "clock_settime", "syslog"] as const),
  ...(["sethostname", "setdomainname", "vhangup", "iopl", "ioperm"] as const),
  ...(["adjtimex", "clock_adjtime", "quotactl_fd", "open_tree_attr", "fanotify_init"] as const),
  ...(["process_madvise", "lookup_dcookie", "nfsservctl", "uselib", "modify_ldt"] as const),
];

const CLONE_NEW_ANY = 0x7e020080; // user, pid, net, ipc, uts, cgroup, mount and time namespaces
const TIOCSTI = 0x5412; // pushes characters into the terminal's input, as if the user had typed them
const TIOCLINUX = 0x541c; // pastes into a virtual console
const O_CREAT = 0x40;
const SET_ID_BITS = 0o6000;
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;

/** The program as the kernel wants it: struct sock_filter[], eight bytes each, little endian. */
export function assembleFilter(options: FilterOptions): Buffer {
  const nr = numbers[options.architecture];
  const program = new Program();

  program.load(OFFSET_ARCH).ifEqual(nr.audit, "known-architecture").ret(KILL_PROCESS);
  program.label("known-architecture").load(OFFSET_NR);
  // The x32 calls of x86-64 have other numbers for the same deeds.
  if (options.architecture === "x64") program.ifAtLeast(0x4000_0000, "kill");

  for (const call of absent) program.ifCall(nr.calls[call], "absent");
  for (const call of forbidden) program.ifCall(nr.calls[call], "deny");

  program.onCall(nr.calls.clone, (body) => body.argument(0).ifAnyBit(CLONE_NEW_ANY, "deny"));
  program.onCall(nr.calls.unshare, (body) => body.argument(0).ifAnyBit(CLONE_NEW_ANY, "deny"));
  program.onCall(nr.calls.ioctl, (body) =>
    body.argument(1).ifEqual(TIOCSTI, "deny").ifEqual(TIOCLINUX, "deny"),
  );

  // A set-user-id file left in the workspace would act for whoever runs it outside. The kernel itself ignores the bits
  // in mkdir(2).
  program.onCall(nr.calls.chmod, (body) => body.argument(1).ifAnyBit(SET_ID_BITS, "deny"));
  program.onCall(nr.calls.fchmod, (body) => body.argument(1).ifAnyBit(SET_ID_BITS, "deny"));
  program.onCall(nr.calls.fchmodat, (body) => body.argument(2).ifAnyBit(SET_ID_BITS, "deny"));
  program.onCall(nr.calls.fchmodat2, (body) => body.argument(2).ifAnyBit(SET_ID_BITS, "deny"));
  program.onCall(nr.calls.creat, (body) => body.argument(1).ifAnyBit(SET_ID_BITS, "deny"));
  program.onCall(nr.calls.mknod, (body) => body.argument(1).ifAnyBit(SET_ID_BITS, "deny"));
  program.onCall(nr.calls.mknodat, (body) => body.argument(2).ifAnyBit(SET_ID_BITS, "deny"));
  // Without O_CREAT the mode is whatever the register held, so it must not be looked at.
  program.onCall(nr.calls.open, (body) =>
    body.argument(1).ifNoBit(O_CREAT, "allow").argument(2).ifAnyBit(SET_ID_BITS, "deny"),
  );
  program.onCall(nr.calls.openat, (body) =>
    body.argument(2).ifNoBit(O_CREAT, "allow").argument(3).ifAnyBit(SET_ID_BITS, "deny"),
  );

  program.onCall(nr.calls.socket, (body) => {
    body.argument(0).ifEqual(AF_INET, "allow").ifEqual(AF_INET6, "allow");
    if (options.unixSockets) body.ifEqual(AF_UNIX, "allow");
    body.ifNotEqual(AF_NETLINK, "no-family").argument(2).ifNotEqual(NETLINK_ROUTE, "no-family");
  });
  program.onCall(nr.calls.socketpair, (body) => body.argument(0).ifNotEqual(AF_UNIX, "no-family"));

  program.label("allow").ret(ALLOW);
  program.label("deny").ret(ERRNO | EPERM);
  program.label("absent").ret(ERRNO | ENOSYS);
  program.label("no-family").ret(ERRNO | EAFNOSUPPORT);
  program.label("kill").ret(KILL_PROCESS);
  return program.encode();
}

// struct seccomp_data { int nr; __u32 arch; __u64 instruction_pointer; __u64 args[6]; }
const OFFSET_NR = 0;
const OFFSET_ARCH = 4;
const OFFSET_ARGS = 16;

const ALLOW = 0x7fff_0000;
const ERRNO = 0x0005_0000;
const KILL_PROCESS = 0x8000_0000;

const BPF_LD_W_ABS = 0x20;
const BPF_JA = 0x05;
const BPF_JEQ_K = 0x15;
const BPF_JGE_K = 0x35;
const BPF_JSET_K = 0x45;
const BPF_RET_K = 0x06;

/** A jump goes to a label, or to the next instruction when there is none. */
interface Instruction {
  readonly code: number;
  readonly k: number;
  readonly whenTrue?: string;
  readonly whenFalse?: string;
  readonly always?: string;
}

class Program {
  readonly #instructions: Instruction[] = [];
  readonly #labels = new Map<string, number>();

  load(offset: number): this {
    return this.#add({ code: BPF_LD_W_ABS, k: offset });
  }

  /** Loads the low half of an argument: every flag and number looked at here fits in 32 bits. */
  argument(index: number): this {
    return this.load(OFFSET_ARGS + 8 * index);
  }

  ifEqual(value: number, label: string): this {
    return this.#add({ code: BPF_JEQ_K, k: value, whenTrue: label });
  }

  ifNotEqual(value: number, label: string): this {
    return this.#add({ code: BPF_JEQ_K, k: value, whenFalse: label });
  }

  ifAtLeast(value: number, label: string): this {
    return this.#add({ code: BPF_JGE_K, k: value, whenTrue: label });
  }

  ifAnyBit(mask: number, label: string): this {
    return this.#add({ code: BPF_JSET_K, k: mask, whenTrue: label });
  }

  ifNoBit(mask: number, label: string): this {
    return this.#add({ code: BPF_JSET_K, k: mask, whenFalse: label });
  }

  /** A call that the architecture does not have needs no rule. */
  ifCall(call: number | undefined, label: string): this {
    return call === undefined ? this : this.ifEqual(call, label);
  }

  /** Runs `body` for this call only; a body that does not jump away allows. */
  onCall(call: number | undefined, body: (program: this) => void): this {
    if (call === undefined) return this;
    const after = `after-${call}`;
    this.ifNotEqual(call, after);
    body(this);
    return this.#add({ code: BPF_JA, k: 0, always: "allow" }).label(after);
  }

  ret(value: number): this {
    return this.#add({ code: BPF_RET_K, k: value });
  }

  label(name: string): this {
    this.#labels.set(name, this.#instructions.length);
    return this;
  }

  encode(): Buffer {
    const out = Buffer.alloc(this.#instructions.length * 8);
    for (const [at, instruction] of this.#instructions.entries()) {
      const hop = (label: string | undefined): number => {
        if (label === undefined) return 0;
        const target = this.#labels.get(label);
        assert(target !== undefined && target > at, `seccomp: label ${label} must lie ahead`);
        return target - at - 1;
      };
      const whenTrue = hop(instruction.whenTrue);
      const whenFalse = hop(instruction.whenFalse);
      assert(whenTrue < 256 && whenFalse < 256, "seccomp: conditional jump too far");
      out.writeUInt16LE(instruction.code, at * 8);
      out.writeUInt8(whenTrue, at * 8 + 2);
      out.writeUInt8(whenFalse, at * 8 + 3);
      out.writeUInt32LE(
        (instruction.always === undefined ? instruction.k : hop(instruction.always)) >>> 0,
        at * 8 + 4,
      );
    }
    return out;
  }

  #add(instruction: Instruction): this {
    this.#instructions.push(instruction);
    return this;
  }
}
