import assert from "node:assert/strict";
import { test } from "node:test";
import { createHooks } from "./extension/hooks/hooks.ts";
import { parseHooks } from "./extension/hooks/definition.ts";
import { createHookPoints } from "./hook-points.ts";

test("a server is told that it may ask where a hook is about that server, whoever else is there", () => {
  const hooks = [{ type: "command", command: "answer" }];
  const parsed = parseHooks(
    { Elicitation: [{ matcher: "github", hooks }] },
    { origin: { scope: "user", path: "/s" } },
  );
  const running = createHooks(parsed.hooks, {
    session: { sessionId: "ses_1", transcriptPath: "", cwd: "/p", permissionMode: "default" },
    places: { workspace: "/p", home: "/h" },
    run: () => Promise.reject(new Error("nothing runs yet")),
  });
  const points = createHookPoints({ hooks: running, emit: () => undefined });
  assert.deepEqual([points.answersServer("github"), points.answersServer("other")], [true, false]);
});
