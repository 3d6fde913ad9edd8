import assert from "node:assert";
import { createHmac } from "node:crypto";
import { CloisterError } from "@cloister/base";
import { findSecrets } from "./find.ts";
import type { FindOptions } from "./find.ts";
import { isPersonal } from "./finding.ts";
import type { SecretKind } from "./finding.ts";
import { createKnownValues } from "./known-values.ts";
import { withoutLineNumbers } from "./line-numbers.ts";
import { createHoldBack } from "./hold-back.ts";
import { clearOfPlaceholders, formatPlaceholder, placeholderPattern, shortestFreeId } from "./placeholder.ts";

const KEY_BYTES_MIN = 16;
const SECRETS_MAX = 50_000;
/** Files beyond these are not remembered, so that the secret stays sealed in them. */
const ORIGINS_MAX = 1_000;
/** Texts in which nothing was found, so that whoever shows the same one again need not wait for another look. */
const CLEAN_TEXTS_MAX = 1_000;
const CLEAN_CHARS_MAX = 1_000_000;
/** Lines of a private key that are secret by themselves, should a later view show the middle of the block alone. */
const KEY_LINE = /^[A-Za-z0-9+/=]{32,}$/;
const KEY_LINES_MAX = 512;

export interface SealedSecret {
  readonly kind: SecretKind;
  readonly placeholder: string;
}

export interface WithheldSecret {
  readonly placeholder: string;
  /**
   * `other-file`: it has not been seen in that file. `credential`: only a file gets it back, never a text that is shown.
   * `unknown`: not of this conversation.
   */
  readonly why: "other-file" | "credential" | "unknown";
}

/** The lists name each placeholder once, in the order of their first place in the text. */
export interface SealedText {
  readonly text: string;
  readonly sealed: readonly SealedSecret[];
}

export interface UnsealedText {
  readonly text: string;
  readonly restored: readonly SealedSecret[];
  readonly withheld: readonly WithheldSecret[];
}

/** A secret with its value, for whoever goes on with the conversation later: to be kept encrypted only. */
export interface KeptSecret {
  readonly value: string;
  readonly kind: SecretKind;
  readonly placeholder: string;
  readonly origins: readonly string[];
}

/**
 * The secrets of one conversation, kept in memory only. The same value has the same placeholder throughout, so that
 * sealed requests keep their common beginning; under another key it has another.
 */
export interface Seals {
  /**
   * Replaces every secret of the text, and every value known from before wherever it stands. `origin` is the
   * workspace-relative path of the file the text came from, if it came from one. Sealing sealed text changes nothing.
   * @throws CloisterError `too-many-secrets` beyond 50,000: nothing is passed on unsealed.
   */
  seal(text: string, origin?: string): SealedText;
  /**
   * Restores the placeholders of secrets that were seen in `file`, whatever case a model has put them in. Others
   * stay as they are, and are reported. `file` is compared as text: normalise it as `origin` was.
   */
  unsealFor(file: string, text: string): UnsealedText;
  /**
   * Restores personal data in a text that its user is shown. Credentials stay sealed there: what is shown is logged,
   * copied and sent on.
   */
  unsealShown(text: string): UnsealedText;
  /** The same for a text that comes in pieces. `json`: the pieces are the inside of JSON, so values are escaped. */
  openShown(options?: { readonly json?: boolean }): ShownStream;
  /** How many secrets are sealed. */
  readonly count: number;
  /** Secrets that are new, or were seen in another file, since it was last asked: all of them together are `kept`. */
  takeChanged(): KeptSecret[];
}

/** Holds back only what may be the beginning of a placeholder: at most 70 characters, mostly none. */
export interface ShownStream {
  push(piece: string): UnsealedText;
  /** What was held back; the stream must not be used after it. */
  end(): UnsealedText;
}

interface Secret extends SealedSecret {
  readonly value: string;
  readonly origins: Set<string>;
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly kind: SecretKind;
}

/**
 * `key` holds at least 16 random bytes, of this conversation alone: whoever has it can test guesses. Personal data is
 * sealed only when asked for, since whoever seals it has to restore it in what is shown. `kept` are the secrets of the
 * same conversation, under the same key, from before: their placeholders are valid again.
 */
export function createSeals(
  key: Uint8Array,
  options: FindOptions = {},
  kept: readonly KeptSecret[] = [],
): Seals {
  assert(key.length >= KEY_BYTES_MIN, "a sealing key has at least 16 bytes");
  const wanted: FindOptions = { personal: false, ...options };
  const byValue = new Map<string, Secret>();
  const byId = new Map<string, Secret>();
  const known = createKnownValues();
  const kindOfKnown = new Map<string, SecretKind>();
  const changed = new Set<Secret>();
  const clean = createCleanTexts();
  let knownCount = 0;

  const learn = (value: string, kind: SecretKind): void => {
    if (kindOfKnown.has(value)) return;
    // It may stand in one of them.
    clean.forget();
    kindOfKnown.set(value, kind);
    known.add(value);
  };

  const secretFor = (value: string, kind: SecretKind): Secret => {
    const old = byValue.get(value);
    if (old !== undefined) return old;
    if (byValue.size >= SECRETS_MAX) {
      throw new CloisterError(`this conversation holds more than ${SECRETS_MAX} secrets`, {
        code: "too-many-secrets",
        next: "keep the file with the secrets out of the conversation, and start a new one",
      });
    }
    const id = shortestFreeId(createHmac("sha256", key).update(value).digest(), (taken) => byId.has(taken));
    const secret = { value, kind, placeholder: formatPlaceholder(id, kind), origins: new Set<string>() };
    byValue.set(value, secret);
    byId.set(id, secret);
    changed.add(secret);
    return secret;
  };

  const learnAll = (value: string, kind: SecretKind): void => {
    learn(value, kind);
    if (kind !== "private-key") return;
    // Both forms of the line end: real ones, and those of a JSON string.
    const lines = value.split(/\r?\n|\\r\\n|\\n/, KEY_LINES_MAX);
    for (const line of lines) if (KEY_LINE.test(line)) learn(line, kind);
  };

  for (const { value, kind, placeholder, origins } of kept.slice(0, SECRETS_MAX)) {
    const secret = { value, kind, placeholder, origins: new Set(origins) };
    byValue.set(value, secret);
    byId.set(idOf(placeholder), secret);
    learnAll(value, kind);
  }

  const spansOf = (text: string): Span[] => {
    const spans: Span[] = findSecrets(text, wanted);
    for (const { start, end, kind } of spans) learnAll(withoutLineNumbers(text.slice(start, end)), kind);
    for (const { start, end, value } of clearOfPlaceholders(text, known.find(text))) {
      spans.push({ start, end, kind: kindOfKnown.get(value) ?? "named-secret" });
    }
    return union(spans);
  };

  /** `refuse` says why a secret of this conversation stays sealed, if it does. */
  const unseal = (
    text: string,
    refuse: (secret: Secret) => WithheldSecret["why"] | undefined,
    escape: (value: string) => string = asItIs,
  ): UnsealedText => {
    const restored = new Set<Secret>();
    const withheld = new Map<string, WithheldSecret>();
    const out = text.replace(placeholderPattern(), (match: string, id: string) => {
      const placeholder = match.toUpperCase();
      const secret = byId.get(id.toUpperCase());
      const why = secret?.placeholder === placeholder ? refuse(secret) : "unknown";
      if (secret !== undefined && why === undefined) {
        restored.add(secret);
        return escape(secret.value);
      }
      withheld.set(placeholder, { placeholder, why: why ?? "unknown" });
      return match;
    });
    return { text: out, restored: [...restored].map(withoutValue), withheld: [...withheld.values()] };
  };

  return {
    get count() {
      return byValue.size;
    },

    seal(text, origin) {
      const count = wanted.known?.count ?? 0;
      if (count !== knownCount) clean.forget();
      knownCount = count;
      // A result is an event, an item of the history and a part of the next request: three times the same text.
      if (clean.has(text)) return { text, sealed: [] };
      const spans = spansOf(text);
      if (spans.length === 0) {
        clean.add(text);
        return { text, sealed: [] };
      }
      const sealed = new Set<Secret>();
      let out = "";
      let done = 0;
      for (const { start, end, kind } of spans) {
        const secret = secretFor(withoutLineNumbers(text.slice(start, end)), kind);
        learn(secret.value, kind);
        if (origin !== undefined && secret.origins.size < ORIGINS_MAX && !secret.origins.has(origin)) {
          secret.origins.add(origin);
          changed.add(secret);
        }
        sealed.add(secret);
        out += text.slice(done, start) + secret.placeholder;
        done = end;
      }
      return { text: out + text.slice(done), sealed: [...sealed].map(withoutValue) };
    },

    takeChanged() {
      const taken = Array.from(changed, ({ value, kind, placeholder, origins }) => ({
        ...{ value, kind, placeholder, origins: [...origins] },
      }));
      changed.clear();
      return taken;
    },

    unsealFor: (file, text) => unseal(text, ({ origins }) => (origins.has(file) ? undefined : "other-file")),
    unsealShown: (text) => unseal(text, withheldFromView),

    openShown({ json = false } = {}) {
      const holdBack = createHoldBack();
      const escape = json ? (value: string): string => JSON.stringify(value).slice(1, -1) : asItIs;
      return {
        push: (piece) => unseal(holdBack.push(piece), withheldFromView, escape),
        end: () => unseal(holdBack.end(), withheldFromView, escape),
      };
    },
  };
}

interface CleanTexts {
  has(text: string): boolean;
  add(text: string): void;
  forget(): void;
}

function createCleanTexts(): CleanTexts {
  const texts = new Set<string>();
  let chars = 0;
  const forget = (): void => {
    texts.clear();
    chars = 0;
  };
  return {
    has: (text) => texts.has(text),
    add(text) {
      if (text.length > CLEAN_CHARS_MAX) return;
      if (texts.size >= CLEAN_TEXTS_MAX || chars + text.length > CLEAN_CHARS_MAX) forget();
      chars += text.length;
      texts.add(text);
    },
    forget,
  };
}

/** The id in a placeholder of ours, as it was made. */
function idOf(placeholder: string): string {
  const [, id = ""] = placeholderPattern().exec(placeholder) ?? [];
  assert(id !== "", "what was kept is a placeholder");
  return id.toUpperCase();
}

function withheldFromView({ kind }: Secret): "credential" | undefined {
  return isPersonal(kind) ? undefined : "credential";
}

function asItIs(value: string): string {
  return value;
}

function withoutValue({ kind, placeholder }: Secret): SealedSecret {
  return { kind, placeholder };
}

/** Overlapping spans become one, of the kind of the longer. */
function union(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = joined.at(-1);
    if (last === undefined || span.start >= last.end) {
      joined.push(span);
    } else if (span.end > last.end) {
      const kind = span.end - span.start > last.end - last.start ? span.kind : last.kind;
      joined[joined.length - 1] = { start: last.start, end: span.end, kind };
    }
  }
  return joined;
}
