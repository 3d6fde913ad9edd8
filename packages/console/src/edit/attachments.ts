/** Pictures in the line that is being written. Each stands there as one word; the picture goes with the message that has it. */
import { CloisterError, formatBytes } from "@cloister/base";
import type { AttachedPicture, UserMessage } from "@cloister/agent";
import type { ConsoleWords } from "../words/type.ts";
import { pathOfDropped } from "./dropped-file.ts";
import type { Editor } from "./editor.ts";

/** A picture that was looked at and can be shown. */
export interface OpenedPicture {
  readonly picture: AttachedPicture;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
}

/** Both reject with a CloisterError that says why there is none, and `open` with `no-such-picture` for a name of nothing. */
export interface PictureSource {
  /** From the person's clipboard. */
  readonly paste: () => Promise<OpenedPicture>;
  /** @param path absolute */
  readonly open: (path: string) => Promise<OpenedPicture>;
}

export interface Attachments {
  /** Undefined where nobody could get it. */
  readonly paste: (() => void) | undefined;
  /** True for a paste that is a picture's path: where none is there, it becomes the text that it is. */
  readonly take: (pasted: string) => boolean;
  /** With the pictures whose words stand in it. A word whose picture is not here any more is said to be one. */
  readonly with: (message: UserMessage) => UserMessage;
}

export interface AttachmentsOptions {
  readonly source: PictureSource | undefined;
  readonly directory: string;
  readonly words: () => ConsoleWords;
  readonly editor: () => Pick<Editor, "atom" | "insert">;
  readonly trouble: (error: unknown) => void;
  readonly warn: (text: string) => void;
  readonly changed: () => void;
}

/** As many as a conversation takes. Earlier ones are let go, and have to be shown again. */
const HELD_MAX = 20;
/** In whatever language it was written, yesterday perhaps. */
const pictureWord = /\[[^\]\n]{1,20} \d{1,4} · \d{1,5}×\d{1,5} · [^\]\n]{1,20}\]/gu;

export function createAttachments(options: AttachmentsOptions): Attachments {
  const { source, directory, words, editor, trouble, warn, changed } = options;
  const held = new Map<string, AttachedPicture>();
  /** Counted through all messages: a later one may speak of an earlier picture. */
  let count = 0;
  let isAsking = false;

  const add = ({ picture, width, height, bytes }: OpenedPicture): void => {
    const name = words().picture(++count);
    const word = `[${name} · ${width}×${height} · ${formatBytes(bytes)}]`;
    held.set(word, { ...picture, name });
    const [first] = held.keys();
    if (held.size > HELD_MAX && first !== undefined) held.delete(first);
    editor().atom(word);
    editor().insert(" ");
  };
  const take = async (asked: Promise<OpenedPicture>, otherwise: (error: unknown) => void): Promise<void> => {
    try {
      add(await asked);
    } catch (error) {
      otherwise(error);
    }
    isAsking = false;
    changed();
  };

  const attachments: Attachments = {
    paste:
      source === undefined
        ? undefined
        : () => {
            // A key that is held down asks once.
            if (isAsking) return;
            isAsking = true;
            void take(source.paste(), trouble);
          },
    take: (pasted) => {
      // What some terminals make of a picture in the clipboard.
      if (pasted === "" && source !== undefined) {
        attachments.paste?.();
        return true;
      }
      const path = pathOfDropped(pasted, directory);
      if (source === undefined || path === undefined) return false;
      void take(source.open(path), (error) => {
        editor().insert(pasted);
        if (!(error instanceof CloisterError && error.code === "no-such-picture")) trouble(error);
      });
      return true;
    },
    with: (message) => {
      const found = [...new Set(Array.from(message.text.matchAll(pictureWord), ([word]) => word))];
      for (const word of found) if (!held.has(word)) warn(words().pictureGone(word));
      const pictures = found.flatMap((word) => held.get(word) ?? []);
      return pictures.length === 0 ? message : { ...message, pictures };
    },
  };
  return attachments;
}
