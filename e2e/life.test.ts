/** Ordinary work goes on in a cell. What needs the network for its fixtures is in life/run.ts. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { cProject, createProject, gitWork, isThere } from "./life/project.ts";

test("git: commit on two branches, and rebase one onto the other", async () => {
  using project = createProject({});
  assert.equal((await project.outside("git init -q .")).code, 0);
  const { code, output } = await project.inside(gitWork);
  assert.equal(code, 0, output);
  assert.match(output, /side\nmain\nbase\none\n2\n3\n4\nfive\n$/);
  assert.equal((await project.outside("git fsck --strict && git log --oneline | wc -l")).output.trim(), "3");
});

test("make builds a small C project, and runs it", async (t) => {
  if (!have(t, "make", "cc")) return;
  using project = createProject(cProject);
  const { code, output } = await project.inside("make -j2");
  assert.equal(code, 0, output);
  assert.match(output, /built and run/);
});

test("Node's own test runner, with its child processes and its sockets on loopback", async () => {
  using project = createProject({
    "a.test.mjs":
      'import { test } from "node:test"; import { createServer, connect } from "node:net"; import { once } from "node:events";\n' +
      'test("talks to itself", async () => { const s = createServer((c) => c.end("hi")).listen(0, "127.0.0.1"); await once(s, "listening"); ' +
      'const c = connect(s.address().port, "127.0.0.1"); let t = ""; for await (const d of c) t += d; if (t !== "hi") throw new Error(t); s.close(); });\n',
    "b.test.mjs":
      'import { test } from "node:test"; import { fork, execFileSync } from "node:child_process"; import { once } from "node:events";\n' +
      'test("starts others", async () => { if (execFileSync("sh", ["-c", "echo x | tr x y"]).toString() !== "y\\n") throw new Error("no pipe"); ' +
      'const p = fork("child.mjs"); const [m] = await once(p, "message"); if (m !== "up") throw new Error(m); await once(p, "exit"); });\n',
    "child.mjs": 'process.send("up"); process.disconnect();\n',
  });
  const { code, output } = await project.inside("node --test");
  assert.equal(code, 0, output);
  assert.match(output, /pass 2/);
});

test("what shells do: pipes, here-documents, temporary files, substitution, jobs, traps, locale", async () => {
  using project = createProject({});
  const { code, output } = await project.inside(`set -euo pipefail
seq 1000 | sort -rn | head -1 || true
cat <<'END' | tr a-z A-Z
here
END
f=$(mktemp); d=$(mktemp -d); echo temporary > "$f"; cp "$f" "$d/"; cat "$d"/*; rm -r "$f" "$d"
diff <(echo same) <(echo same) && echo substituted
(sleep 0.05; echo job > job.txt) & wait $!; cat job.txt
trap 'echo trapped' EXIT
echo gone > /dev/null; head -c 3 /dev/zero | wc -c; test -s /dev/urandom || head -c 1 /dev/urandom | wc -c
printf 'ä' | wc -m
coproc cat; echo through >&"\${COPROC[1]}"; read -r line <&"\${COPROC[0]}"; echo "$line"; exec {COPROC[1]}>&-
mkfifo p; (echo fifo > p) & cat p; wait
date +%Y > /dev/null; id -un; echo "$HOME" > /dev/null; touch ~/kept-for-now; ls ~/kept-for-now > /dev/null
exec 5> file; echo numbered >&5; exec 5>&-; cat file
flock file echo locked; find . -name file -newer job.txt | wc -l; tar cf - file | tar tf -
`);
  assert.equal(code, 0, output);
  const said = [
    "1000",
    "HERE",
    "temporary",
    "substituted",
    "job",
    "3",
    "through",
    "fifo",
    "numbered",
    "locked",
  ];
  for (const word of [...said, "trapped"]) assert.match(output, new RegExp(`^${word}$`, "m"), output);
});

test("python compiles, tests and starts processes", async (t) => {
  if (!have(t, "python3")) return;
  using project = createProject({
    "test_it.py":
      "import unittest, subprocess, tempfile, threading, multiprocessing\n" +
      "class T(unittest.TestCase):\n" +
      "  def test_process(self): self.assertEqual(subprocess.check_output(['echo', 'x']), b'x\\n')\n" +
      "  def test_file(self):\n    with tempfile.TemporaryFile() as f: f.write(b'x')\n" +
      "  def test_pool(self):\n    with multiprocessing.Pool(2) as p: self.assertEqual(p.map(abs, [-1]), [1])\n" +
      "if __name__ == '__main__': unittest.main()\n",
  });
  const { code, output } = await project.inside("python3 test_it.py");
  assert.equal(code, 0, output);
  assert.match(output, /Ran 3 tests/);
});

test("perl and awk and sed work as everywhere", async (t) => {
  if (!have(t, "perl", "awk", "sed")) return;
  using project = createProject({ "in.txt": "b 2\na 1\n" });
  const { output } = await project.inside(
    "sort in.txt | awk '{ s += $2 } END { print s }'; perl -ne 'print uc' in.txt; sed -i s/a/c/ in.txt; cat in.txt",
  );
  assert.equal(output, "3\nB 2\nA 1\nb 2\nc 1\n");
});

test("files made inside are the user's own outside, with the permissions they were given", async () => {
  using project = createProject({});
  await project.inside(
    "umask 022; echo x > plain; install -m 755 /dev/null tool; ln -s plain link; mkdir -p a/b",
  );
  const { output } = await project.outside(`stat -c '%A %u' plain tool link a/b; id -u`);
  const own = process.getuid?.() ?? 0;
  assert.equal(
    output,
    `-rw-r--r-- ${own}\n-rwxr-xr-x ${own}\nlrwxrwxrwx ${own}\ndrwxr-xr-x ${own}\n${own}\n`,
  );
});

/** What this machine does not have cannot be tried on it; the report says so. */
function have(t: TestContext, ...programs: readonly string[]): boolean {
  const missing = programs.filter((program) => !isThere(program));
  if (missing.length > 0) t.diagnostic(`not tried: ${missing.join(", ")} is not installed here`);
  return missing.length === 0;
}
