/** A wiki of the repository, page by page within the model's window, and only for what changed since. */
import { sha256 } from "@cloister/base";
import { isSource, outlineOf, pageNameOf, type PlannedPage, type SourceFile } from "./outline.ts";

export interface WikiWorld {
  readonly files: () => Promise<readonly SourceFile[]>;
  /** SHA-256 (hex) of a source file; undefined when it is gone by now. */
  readonly hashOf: (path: string) => Promise<string | undefined>;
  /** One session that only looks, and answers with Markdown. */
  readonly write: (prompt: string) => Promise<Written>;
  /** Pages by their names, those of an earlier run. */
  readonly readPage: (name: string) => string | undefined;
  readonly savePage: (name: string, text: string) => void;
  readonly pageNames: () => readonly string[];
  readonly removePage: (name: string) => void;
  readonly tell: (progress: WikiProgress) => void;
}

export type Written =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "failed"; readonly why: string };

export type WikiProgress =
  | { readonly kind: "plan"; readonly pages: number; readonly changed: number }
  | { readonly kind: "page"; readonly name: string; readonly number: number; readonly of: number };

export type WikiOutcome =
  | { readonly kind: "done"; readonly written: number; readonly removed: number; readonly pages: number }
  | { readonly kind: "failed"; readonly page: string; readonly why: string; readonly written: number };

const INDEX = "README.md";
const PAGES_MAX = 2000;

interface Page extends PlannedPage {
  readonly name: string;
  readonly digest: string;
}

/** Which pages do not say what their files say now; those whose files are gone are named too. */
export async function staleWiki(world: WikiWorld, pageBytesMax: number): Promise<readonly string[]> {
  const pages = await pagesNow(world, pageBytesMax);
  return [...changedOf(pages, world).map(({ name }) => name), ...orphans(pages, world)];
}

/** Each page is saved as it is written: an interrupted run goes on where it stopped. */
export async function refreshWiki(world: WikiWorld, pageBytesMax: number): Promise<WikiOutcome> {
  const pages = await pagesNow(world, pageBytesMax);
  const changed = changedOf(pages, world);
  world.tell({ kind: "plan", pages: pages.length, changed: changed.length });
  let written = 0;
  for (const page of changed) {
    world.tell({ kind: "page", name: page.name, number: written + 1, of: changed.length });
    const answer = await world.write(pagePrompt(page));
    if (answer.kind === "failed") return { kind: "failed", page: page.name, why: answer.why, written };
    world.savePage(page.name, withDigest(clean(answer.text), page.digest));
    written += 1;
  }
  const gone = orphans(pages, world);
  for (const name of gone) world.removePage(name);
  const index = await writeIndex(pages, world);
  if (index !== undefined) return { kind: "failed", page: INDEX, why: index, written };
  return { kind: "done", written, removed: gone.length, pages: pages.length };
}

async function pagesNow(world: WikiWorld, pageBytesMax: number): Promise<readonly Page[]> {
  const planned = outlineOf((await world.files()).filter(isSource), pageBytesMax).slice(0, PAGES_MAX);
  const pages: Page[] = [];
  for (const page of planned) {
    const parts: string[] = [];
    for (const { path } of page.files) parts.push(`${path}\0${(await world.hashOf(path)) ?? "gone"}`);
    pages.push({ ...page, name: pageNameOf(page), digest: sha256(parts.join("\n")).toString("hex") });
  }
  return pages;
}

function changedOf(pages: readonly Page[], { readPage }: WikiWorld): readonly Page[] {
  return pages.filter(({ name, digest }) => digestOf(readPage(name)) !== digest);
}

/** Ours are told by their mark: a page that a person put there stays. */
function orphans(pages: readonly Page[], { pageNames, readPage }: WikiWorld): readonly string[] {
  const names = new Set([INDEX, ...pages.map(({ name }) => name)]);
  return pageNames().filter((name) => !names.has(name) && digestOf(readPage(name)) !== undefined);
}

const mark = /\n<!-- cloister wiki: ([0-9a-f]{64}) -->\n?$/;

function digestOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : mark.exec(text)?.[1];
}

function withDigest(text: string, digest: string): string {
  return `${text.trim()}\n\n<!-- cloister wiki: ${digest} -->\n`;
}

/** Some models put a whole page into a fence; and none may forge the mark. */
function clean(text: string): string {
  const [, inner] = /^\s*```(?:markdown|md)?\n([^]*)\n```\s*$/.exec(text) ?? [];
  return (inner ?? text).replaceAll("<!-- cloister wiki:", "<!-- wiki:");
}

function pagePrompt({ folder, part, files }: Page): string {
  const where = folder === "" ? "the repository's root" : `the folder ${folder}`;
  const several = part === 1 ? "" : ` (part ${part})`;
  return [
    `Write one page of a wiki of this repository: about ${where}${several}. It is for an engineer who is new here.`,
    `It is about these files, and they are all to be read:\n${files.map(({ path }) => `- ${path}`).join("\n")}`,
    "Change nothing. Your last answer is the page, in Markdown and nothing else: a heading; one paragraph that says what this part is for; then how it works, the important types and functions with the file they are in, who calls whom, what must hold, and what is surprising. Say only what you saw in the files. Name files by their path from the root.",
  ].join("\n\n");
}

const SUMMARY_CHARS_MAX = 600;

/** Undefined when it was written, or nothing in it would change; else why not. */
async function writeIndex(pages: readonly Page[], world: WikiWorld): Promise<string | undefined> {
  const entries = pages.map(({ name }) => ({ name, ...summaryOf(world.readPage(name) ?? "") }));
  const list = entries.map(({ name, title, summary }) => `- [${title}](${name}): ${summary}`).join("\n");
  const digest = sha256(list).toString("hex");
  if (digestOf(world.readPage(INDEX)) === digest) return undefined;
  const answer = await world.write(
    `These are the pages of a wiki of this repository, each with its first words:\n${list}\n\n` +
      "Write its front page, without the list of pages, which is added below it. Look at the README and the manifest if you need to; change nothing. Your last answer is Markdown and nothing else: a heading with the project's name, what it is for, how its parts hang together, and where a newcomer starts to read.",
  );
  if (answer.kind === "failed") return answer.why;
  world.savePage(INDEX, withDigest(`${clean(answer.text).trim()}\n\n## Pages\n\n${list}`, digest));
  return undefined;
}

function summaryOf(page: string): { readonly title: string; readonly summary: string } {
  const lines = page.split("\n").map((line) => line.trim());
  const title = lines.find((line) => line.startsWith("#"))?.replace(/^#+\s*/, "") ?? "Untitled";
  const first = lines.find((line) => line !== "" && !line.startsWith("#") && !line.startsWith("<!--")) ?? "";
  return { title: title.replaceAll(/[[\]]/g, ""), summary: first.slice(0, SUMMARY_CHARS_MAX) };
}
