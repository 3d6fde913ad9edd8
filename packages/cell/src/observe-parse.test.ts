import assert from "node:assert/strict";
import { test } from "node:test";
import { createTraceParser, type Observation } from "./observe-parse.ts";

const setup = [
  '10 1.000000 execve("/bin/sh", ["/bin/sh", "-c", "exec", "sh", "/usr/bin/bwrap", "--args", "4"], 0x1 /* 1 var */) = 0',
  '10 1.000001 execve("/usr/bin/bwrap", ["/usr/bin/bwrap", "--args", "4", "--", "ls"], 0x1 /* 1 var */) = 0',
  '10 1.000002 openat(AT_FDCWD</>, "/proc/self/uid_map", O_RDWR) = 5</proc/10/uid_map>',
  '12 1.000003 execve("/usr/local/bin/ls", ["ls"], 0x1 /* 1 var */) = -1 ENOENT (No such file or directory)',
  '12 1.500000 execve("/usr/bin/ls", ["ls", "-l", "a \\"b\\" [c]"], 0x1 /* 1 var */) = 0',
];

test("only the command and its children are told, from its start", () => {
  const seen = parse([
    ...setup,
    '10 2.0 openat(AT_FDCWD</>, "/x", O_RDONLY) = 3</x>',
    "12 2.0 +++ exited with 0 +++",
  ]);
  assert.deepEqual(seen, [
    { t: 1500, pid: 12, kind: "exec", path: "/usr/bin/ls", argv: ["ls", "-l", 'a "b" [c]'], result: "ok" },
  ]);
});

test("paths are whole, whatever they were relative to, and are read as bytes", () => {
  const seen = parse([
    ...setup,
    '13 2.0 openat(AT_FDCWD</proj>, "a/\\303\\274", O_RDONLY|O_CLOEXEC) = 3</proj/a/\\303\\274>',
    '13 2.0 openat(3</proj/a>, "../no", O_WRONLY|O_CREAT, 0666) = -1 EROFS (Read-only file system)',
    '13 2.0 renameat2(AT_FDCWD</proj>, "x", AT_FDCWD</proj>, "y O_RDWR", RENAME_NOREPLACE) = 0',
    '13 2.0 symlinkat("../t", AT_FDCWD</proj>, "l") = 0',
    '13 2.0 openat(AT_FDCWD</proj>, "O_WRONLY", O_RDONLY) = -1 ENOENT (No such file or directory)',
  ]).slice(1);
  assert.deepEqual(
    seen.map(({ kind, path, to, result }) => [kind, path, to, result]),
    [
      ["read", "/proj/a/ü", undefined, "ok"],
      ["write", "/proj/no", undefined, "EROFS"],
      ["rename", "/proj/x", "/proj/y O_RDWR", "ok"],
      ["link", "/proj/l", "../t", "ok"],
      ["read", "/proj/O_WRONLY", undefined, "ENOENT"],
    ],
  );
});

test("a call that another process interrupts is put together again", () => {
  const seen = parse([
    ...setup,
    '13 2.0 connect(3<TCP:[1]>, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("203.0.113.5")}, 16 <unfinished ...>',
    '14 2.1 unlink("/proj/x") = 0',
    "13 2.2 <... connect resumed>) = -1 ENETUNREACH (Network is unreachable)",
    '13 2.3 connect(3<TCPv6:[1]>, {sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28) = 0',
    '13 2.4 connect(3<UNIX-STREAM:[1]>, {sa_family=AF_UNIX, sun_path=@"abstract"}, 12) = -1 ECONNREFUSED (Connection refused)',
  ]).slice(1);
  assert.deepEqual(
    seen.map(({ kind, path, address, result }) => [kind, address ?? path, result]),
    [
      ["delete", "/proj/x", "ok"],
      ["connect", "203.0.113.5:443", "ENETUNREACH"],
      ["connect", "[::1]:80", "ok"],
      ["connect", "unix:@abstract", "ECONNREFUSED"],
    ],
  );
});

test("lines that are none of strace's are passed over", () => {
  assert.deepEqual(parse(["", "x", "12", "12 1.0", "12 1.0 <... open resumed>) = 3", "12 1.0 open("]), []);
});

function parse(lines: readonly string[]): Observation[] {
  const parser = createTraceParser();
  return lines.map((line) => parser.parse(line)).filter((seen) => seen !== undefined);
}
