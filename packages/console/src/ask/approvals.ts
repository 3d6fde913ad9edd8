/** The keeper's questions about calls, each answered once: by the person, or by the end of what asked. */
import type { Scene } from "../blocks/scene.ts";
import { line, span } from "../text/line.ts";
import type { ConsoleWords } from "../words/type.ts";
import type { DialogQueue } from "./dialog-queue.ts";
import { approvalDialog, type Approval, type ApprovalQuestion, type Dialog } from "./dialogs.ts";

const APPROVALS_WAITING_MAX = 100;

export interface ApprovalParts {
  readonly dialogs: DialogQueue;
  readonly scene: Scene;
  readonly words: ConsoleWords;
  readonly open: (dialogs: readonly Dialog[]) => void;
}

/** Too many at once, or one that nobody waits for any more, is a no. */
export function askApproval(
  { dialogs, scene, words, open }: ApprovalParts,
  question: ApprovalQuestion,
  signal: AbortSignal,
): Promise<Approval> {
  return new Promise((resolve) => {
    if (dialogs.length >= APPROVALS_WAITING_MAX || signal.aborted) {
      resolve("no");
      return;
    }
    const dialog = approvalDialog(question, words, (approval) => {
      const kind = typeof approval === "string" ? approval : approval.kind;
      scene.print([line(span(`  ${words.approval.answered[kind]}`, kind === "no" ? "bad" : "good"))]);
      resolve(approval);
    });
    signal.addEventListener("abort", () => {
      dialogs.close(dialog);
      resolve("no");
    });
    open([dialog]);
  });
}
