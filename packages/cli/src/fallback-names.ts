/** Who answers when the session's endpoint is down, as a person says it. */
import { fallbacksMax } from "@cloister/airlock/fallbacks-max";
import { CloisterError } from "@cloister/base";
import { usage } from "./option-values.ts";
import type { EndpointSettings } from "./settings-endpoints.ts";

/** `--fallback A,B`; scripts written for others say `--fallback-model`. @throws CloisterError `usage` */
export function toFallbacks(values: {
  readonly fallback?: string | undefined;
  readonly "fallback-model"?: string | undefined;
}): { readonly fallbacks?: readonly string[] } {
  const list = values.fallback ?? values["fallback-model"];
  if (list === undefined) return {};
  // An empty list is how the settings' own is left out for once.
  const names = list.trim() === "" ? [] : list.split(",").map((name) => name.trim());
  if (names.length <= fallbacksMax && names.every((name) => name !== "")) return { fallbacks: names };
  throw usage(
    `--fallback cannot be "${list}"`,
    `one to ${fallbacksMax} names, such as lab,lab/qwen3-coder: endpoints of ~/.cloister/settings.json`,
  );
}

/** The endpoint of the settings that `NAME`, `NAME/MODEL` or `MODEL` means, and the model there, where one is said. */
export function namedIn(
  name: string,
  named: readonly EndpointSettings[],
): { readonly endpoint: EndpointSettings; readonly model: string | undefined } | undefined {
  const [head, ...rest] = name.split("/");
  const endpoint = named.find((one) => one.name === head);
  if (endpoint !== undefined) return { endpoint, model: rest.length > 0 ? rest.join("/") : undefined };
  const holder = named.find(({ models }) => models.includes(name));
  return holder === undefined ? undefined : { endpoint: holder, model: name };
}

/** `own`: models of the session's endpoint. @throws CloisterError `unknown-model`, with those there are */
export function checkFallback(
  name: string,
  named: readonly EndpointSettings[],
  own: readonly string[],
): void {
  if (own.includes(name) || namedIn(name, named) !== undefined) return;
  const names = [...named.map((one) => one.name), ...own];
  throw new CloisterError(`there is no "${name}" to fall back to`, {
    code: "unknown-model",
    next: `name one of ${names.slice(0, NAMES_SHOWN_MAX).join(", ")}; "endpoints" in ~/.cloister/settings.json names others`,
  });
}

const NAMES_SHOWN_MAX = 20;
