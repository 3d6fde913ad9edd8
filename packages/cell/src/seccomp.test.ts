import assert from "node:assert/strict";
import { test } from "node:test";
import { assembleFilter } from "./seccomp.ts";
import { numbers, type Architecture, type SystemCall } from "./syscalls.ts";

const EPERM = 0x0005_0001;
const ENOSYS = 0x0005_0026;
const EAFNOSUPPORT = 0x0005_0061;
const ALLOW = 0x7fff_0000;
const KILL = 0x8000_0000;

for (const architecture of ["x64", "arm64"] as const) {
  const run = (call: SystemCall, args: number[] = [], unixSockets = false): number | undefined => {
    const nr = numbers[architecture].calls[call];
    return nr === undefined ? undefined : execute(architecture, nr, args, unixSockets);
  };

  test(`${architecture}: sockets are made by an allow-list of families`, () => {
    assert.equal(run("socket", [2, 1]), ALLOW, "inet");
    assert.equal(run("socket", [10, 2]), ALLOW, "inet6");
    assert.equal(run("socket", [16, 3, 0]), ALLOW, "netlink route");
    assert.equal(run("socket", [16, 3, 9]), EAFNOSUPPORT, "netlink audit");
    for (const family of [1, 17, 40, 38, 31, 4, 29]) {
      assert.equal(run("socket", [family, 1]), EAFNOSUPPORT, `${family}`);
    }
    assert.equal(run("socket", [1, 1], true), ALLOW, "a Unix socket where one was handed in");
    assert.equal(run("socketpair", [1, 1]), ALLOW);
    assert.equal(run("socketpair", [2, 1]), EAFNOSUPPORT);
  });

  test(`${architecture}: no namespace, no mount, no tracing, no keyring, no module`, () => {
    for (const call of [
      "mount",
      "umount2",
      "setns",
      "ptrace",
      "keyctl",
      "bpf",
      "init_module",
      "move_mount",
      "pivot_root",
    ] as const) {
      assert.equal(run(call), EPERM, call);
    }
    assert.equal(run("unshare", [0x1000_0000]), EPERM, "a user namespace");
    assert.equal(run("unshare", [0x200]), ALLOW, "unsharing the file-system attributes is harmless");
    assert.equal(run("clone", [0x1000_0011]), EPERM, "a child in a user namespace");
    assert.equal(run("clone", [0x003d_0f00]), ALLOW, "a thread");
    assert.equal(run("clone", [0x11]), ALLOW, "a fork");
  });

  test(`${architecture}: calls that a filter cannot look into do not exist`, () => {
    for (const call of ["clone3", "openat2", "io_uring_setup", "io_uring_enter"] as const) {
      assert.equal(run(call), ENOSYS, call);
    }
  });

  test(`${architecture}: no set-user-id file can be made`, () => {
    assert.equal(run("fchmod", [3, 0o4755]), EPERM);
    assert.equal(run("fchmodat", [3, 0, 0o2755]), EPERM);
    assert.equal(run("fchmodat", [3, 0, 0o755]), ALLOW);
    assert.equal(run("fchmodat2", [3, 0, 0o4000]), EPERM);
    assert.equal(run("openat", [3, 0, 0x41, 0o4755]), EPERM, "created with the bit");
    assert.equal(run("openat", [3, 0, 0, 0o4755]), ALLOW, "without O_CREAT the mode is noise");
    assert.equal(run("mknodat", [3, 0, 0o104755]), EPERM);
  });

  test(`${architecture}: nothing can be typed into the terminal`, () => {
    assert.equal(run("ioctl", [0, 0x5412]), EPERM);
    assert.equal(run("ioctl", [0, 0x541c]), EPERM);
    assert.equal(run("ioctl", [0, 0x5401]), ALLOW);
  });
}

test("calls of another architecture, and x32 calls, kill the process", () => {
  assert.equal(
    interpret(assembleFilter({ architecture: "x64", unixSockets: false }), {
      nr: 0,
      arch: 0x4000_0003,
      args: [],
    }),
    KILL,
  );
  assert.equal(execute("x64", 0x4000_0029, [2]), KILL);
});

function execute(architecture: Architecture, nr: number, args: number[], unixSockets = false): number {
  const filter = assembleFilter({ architecture, unixSockets });
  return interpret(filter, { nr, arch: numbers[architecture].audit, args });
}

/** A classic-BPF interpreter after linux/filter.h, for the handful of instructions that the filter uses. */
function interpret(filter: Buffer, call: { nr: number; arch: number; args: readonly number[] }): number {
  const input = Buffer.alloc(64);
  input.writeUInt32LE(call.nr, 0);
  input.writeUInt32LE(call.arch >>> 0, 4);
  for (const [index, value] of call.args.entries()) input.writeUInt32LE(value >>> 0, 16 + 8 * index);
  let accumulator = 0;
  for (let at = 0; at < filter.length / 8; at++) {
    const code = filter.readUInt16LE(at * 8);
    const whenTrue = filter.readUInt8(at * 8 + 2);
    const whenFalse = filter.readUInt8(at * 8 + 3);
    const k = filter.readUInt32LE(at * 8 + 4);
    const jump = (condition: boolean): void => void (at += condition ? whenTrue : whenFalse);
    if (code === 0x20) accumulator = input.readUInt32LE(k);
    else if (code === 0x05) at += k;
    else if (code === 0x15) jump(accumulator === k);
    else if (code === 0x35) jump(accumulator >= k);
    else if (code === 0x45) jump((accumulator & k) !== 0);
    else if (code === 0x06) return k;
    else assert.fail(`unknown instruction ${code.toString(16)}`);
  }
  return assert.fail("ran off the end");
}
