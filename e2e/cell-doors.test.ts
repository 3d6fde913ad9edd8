/** `cloister cell --publish`, and what is left after a kill. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { cloister, createPlace, until } from "./harness.ts";

const server = `require("http").createServer((q, a) => a.end("from the cell, " + q.url)).listen(3456, "127.0.0.1", () => require("fs").writeFileSync("ready", ""))`;

test("a server in the cell is reached from this machine by the port that a person published", async () => {
  using place = createPlace();
  let stderr = "";
  let body = "";
  await cloister(place, ["cell", "--publish", "3456:0", "--", "node", "-e", server], {
    onStart: async (child) => {
      child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      await until("the server", () => existsSync(join(place.project, "ready")) || undefined);
      const port = /127\.0\.0\.1:(\d+) leads to port 3456/.exec(stderr)?.[1];
      body = await get(`http://127.0.0.1:${port}/page`);
      child.kill("SIGTERM");
    },
  });
  assert.equal(body, "from the cell, /page");
  assert.ok((await place.entries()).some(({ t, port }) => t === "inlet" && port === 3456));
});

test("a port that cannot be one is refused before anything runs", async () => {
  using place = createPlace();
  for (const port of ["0", "70000", "1:2:3", "http"]) {
    const { code } = await cloister(place, ["cell", "--publish", port, "--", "touch", "ran"]);
    assert.equal(code, 64, port);
  }
  assert.ok(!existsSync(join(place.project, "ran")));
});

test("what a killed command left is swept by the next one", async () => {
  using place = createPlace();
  const environment = { TMPDIR: place.base };
  const left = (): string[] => readdirSync(place.base).filter((name) => name.startsWith("cloister-"));
  await cloister(place, ["cell", "--", "sh", "-c", "touch ready; sleep 60"], {
    environment,
    onStart: async (child) => {
      await until("the command", () => existsSync(join(place.project, "ready")) || undefined);
      child.kill("SIGKILL");
    },
  });
  // The control: there is something to sweep.
  assert.equal(left().length, 1);
  assert.ok(existsSync(join(place.project, ".cloister")));
  await until("the cell's end", async () => {
    await cloister(place, ["cell", "--", "true"], { environment });
    return left().length === 0 || undefined;
  });
  assert.ok(!existsSync(join(place.project, ".cloister")) && !existsSync(join(place.project, ".git")));
});

function get(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, (answer) => {
      let text = "";
      answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
      answer.on("end", () => resolve(text));
    })
      .on("error", reject)
      .end();
  });
}
