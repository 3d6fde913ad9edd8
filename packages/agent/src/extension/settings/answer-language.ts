/** The language that a person wants to be answered in: `language` as Claude Code has it, `general.outputLanguage` as Qwen Code has it. */
import { isRecord } from "@cloister/base";
import type { Loss } from "../reader.ts";

/** A name, and no more: a project's settings are text of strangers, and this becomes a sentence that the model is told. */
const name = /^[\p{L}\p{M}][\p{L}\p{M}\p{Nd} ()_'’-]{0,39}$/u;

export function readAnswerLanguage(
  value: Readonly<Record<string, unknown>>,
  lose: (subject: Loss["subject"], why: string) => void,
): string | undefined {
  const general = isRecord(value["general"]) ? value["general"] : {};
  const wished = value["language"] ?? general["outputLanguage"];
  if (wished === undefined || wished === "auto" || wished === "") return undefined;
  if (typeof wished === "string" && name.test(wished.trim())) return wished.trim();
  lose("language", "it is no name of a language, such as zh or Japanese");
  return undefined;
}

export function answerLanguageText(language: string): string {
  return (
    `Write to the user in this language: ${language}. Code, names, paths, commands and what is quoted stay as they are, and ` +
    "so does the language of the project's own files and commit messages."
  );
}
