/** The models that can be had, of every server that is known, with what each may see; and another one for the next message. */
import { clearanceOf, factsOf, type Endpoint } from "@cloister/airlock";
import { discover, isLoopback } from "@cloister/backend";
import { messageOf } from "@cloister/base";
import type { Desk, PickItem } from "@cloister/console";
import { shortCount } from "@cloister/console";
import { rateEndpoint, type Policy } from "@cloister/policy";
import { chatProtocol } from "@cloister/wire";
import type { ChosenEndpoint } from "../../endpoint.ts";
import { formatEndpoint, parseEndpoint } from "../../endpoint-address.ts";
import { accessTo, otherEndpoints } from "../../endpoint-access.ts";
import { openModelServer } from "../../model-server.ts";
import { planOtherModels } from "../../other-models.ts";
import { openBinding } from "../../policy/binding.ts";
import { readSettings } from "../../settings.ts";
import { goingOnWith, newSession } from "../going-on.ts";
import { listModels, type Model, type ModelList, type ModelRow, type ModelSource } from "../model-list.ts";
import type { ScreenWords } from "../words/type.ts";
import { savedNow } from "./saved.ts";
import { notReady, openedOf, say, type ScreenWorld } from "./world.ts";

export type ModelChoice = Omit<Extract<ModelRow, { kind: "model" }>, "kind">;

const ASK_MS_MAX = 5000;

export async function model(world: ScreenWorld, desk: Desk, rest: string): Promise<void> {
  const { words, session } = world;
  const { chosen, policy } = session;
  if (chosen === undefined || policy === undefined || session.opened === undefined) throw notReady(words);
  const closed = new AbortController();
  const list = await openList(world, chosen, { desk, signal: closed.signal });
  if (rest !== "") await list.complete;
  const named =
    rest === "" ? -1 : list.rows.findIndex((row) => row.kind === "model" && row.model.id === rest);
  const picked = named >= 0 ? named : await pick(list, { policy, words, desk });
  closed.abort(new Error("the list is closed"));
  const choice = picked === undefined ? undefined : list.rows[picked];
  if (choice === undefined || (choice.kind === "model" && choice.isNow)) return;
  if (choice.kind !== "model") return say(desk, rowItem(choice, policy, words).note ?? "", "warning");
  if (desk.isWorking) return say(desk, words.model.busy, "warning");
  const isSameEndpoint = choice.endpoint.url === chosen.endpoint.url;
  // A conversation goes on with the other model; the airlock judges all of it anew for that one.
  const saved = savedNow(world);
  world.moveOn(() => {
    say(desk, words.model.switched(choice.model.id), "good");
    return Promise.resolve({
      model: choice.model.id,
      ...(isSameEndpoint ? {} : { endpoint: formatEndpoint(choice.endpoint), clearance: undefined }),
      session: saved === undefined ? newSession(world.args.session) : goingOnWith(saved.head.id),
    });
  });
}

async function pick(
  list: ModelList,
  { policy, words, desk }: { readonly policy: Policy; readonly words: ScreenWords; readonly desk: Desk },
): Promise<number | undefined> {
  return await desk.pick({
    title: words.model.title,
    items: () => list.rows.map((row) => rowItem(row, policy, words)),
    empty: words.nothingFound,
    hint: words.pickHint,
  });
}

/** The one in use is there at once; the servers are asked while a person looks. */
async function openList(
  world: ScreenWorld,
  chosen: ChosenEndpoint,
  { desk, signal }: { readonly desk: Desk; readonly signal: AbortSignal },
): Promise<ModelList> {
  const now: ModelRow = {
    kind: "model",
    model: { id: chosen.model },
    endpoint: chosen.endpoint,
    isNow: true,
  };
  const own: ModelSource = {
    name: chosen.endpoint.id,
    isQuiet: true,
    ask: async (asked) => {
      const { models } = await chosen.endpoint.backend.describe(asked);
      return models.map((each) => rowOf(each, chosen.endpoint, each.id === chosen.model));
    },
  };
  const over = AbortSignal.any([signal, AbortSignal.timeout(ASK_MS_MAX)]);
  return listModels({
    ...{ first: now, sources: [own, ...(await otherSources(world, chosen))], signal: over },
    messageOf: (error) => (over.aborted ? world.words.model.slow(ASK_MS_MAX / 1000) : messageOf(error)),
    changed: () => desk.redraw(),
  });
}

/** Those of the settings that the policy allows, wherever they are; and what listens on this machine, beside one here. */
async function otherSources(world: ScreenWorld, chosen: ChosenEndpoint): Promise<readonly ModelSource[]> {
  const { environment } = world;
  const settings = readSettings(environment.home);
  const plan = planOtherModels(settings.endpoints, await openBinding(environment));
  if (plan === undefined) return [];
  const others = otherEndpoints(settings, plan.named, chosen.endpoint.url);
  const opened = openedOf(world);
  const named = others.map(({ name, url: address }): ModelSource => {
    return {
      name,
      ask: async (signal) => {
        plan.check(address);
        const { url, protocol = chatProtocol } = parseEndpoint(address);
        const isUsual = address === settings.endpoint && world.args.endpoint === undefined;
        // The key in the environment was given with the one endpoint that this screen was opened for.
        const given = { ...environment, apiKey: isUsual ? environment.apiKey : undefined };
        const access = accessTo(address, settings, given);
        const { backend, description } = await openModelServer(
          url.href,
          { network: access.network, protocol, onProbe: (probe) => opened.contact(probe) },
          { ...given, apiKey: access.apiKey },
          signal,
        );
        await backend.close();
        const isHere = isLoopback(url);
        const endpoint = {
          ...{ ...chosen.endpoint, id: url.host, url: url.href, protocol, server: description.server },
          clearance: access.clearance ?? (isHere ? "core" : "public"),
          operator: isHere ? "this machine" : url.host,
        };
        return description.models.map((each) => rowOf(each, endpoint, false));
      },
    };
  });
  const isHere = URL.canParse(chosen.endpoint.url) && isLoopback(new URL(chosen.endpoint.url));
  const known = new Set([chosen.endpoint.url, ...others.map(({ url }) => url)].map(hostOf));
  return isHere ? [...named, nearby(world, chosen, known)] : named;
}

function nearby(world: ScreenWorld, chosen: ChosenEndpoint, known: ReadonlySet<string>): ModelSource {
  const { environment, words } = world;
  const opened = openedOf(world);
  return {
    name: words.model.nearby,
    isQuiet: true,
    ask: async (signal) => {
      const found = await discover({
        ...{ clock: environment.clock, signal },
        onProbe: (probe) => opened.contact(probe),
      });
      return found
        .filter(({ baseUrl }) => !known.has(hostOf(baseUrl)))
        .flatMap(({ baseUrl, name, description: { models } }) => {
          const url = new URL(baseUrl);
          const place = { id: url.host, url: url.href, operator: "this machine", clearance: "core" } as const;
          const here = { ...chosen.endpoint, ...place, protocol: chatProtocol, server: name };
          return models.map((each) => rowOf(each, here, false));
        });
    },
  };
}

function hostOf(address: string): string {
  return URL.parse(address)?.host ?? address;
}

/** A model that a server here only passes on to somebody else is judged as that somebody's. */
function rowOf(each: Model, endpoint: Endpoint, isNow: boolean): Extract<ModelRow, { kind: "model" }> {
  const { remoteHost } = each;
  const judged =
    remoteHost === undefined ? endpoint : { ...endpoint, operator: remoteHost, clearance: "public" as const };
  return { kind: "model", model: each, endpoint: judged, isNow };
}

export function rowItem(row: ModelRow, policy: Policy, words: Pick<ScreenWords, "model">): PickItem {
  switch (row.kind) {
    case "model":
      return itemOf(row, policy, words);
    case "asking":
      return { label: row.name, note: words.model.asking };
    case "silent":
      return {
        label: row.name,
        note: row.why === "" ? words.model.noOthers : words.model.silent(row.why ?? ""),
      };
  }
}

export function itemOf(
  { model: each, endpoint, isNow }: ModelChoice,
  policy: Policy,
  { model: words }: Pick<ScreenWords, "model">,
): PickItem {
  const clearance = clearanceOf(policy, endpoint);
  const { rule, source } = rateEndpoint(policy, factsOf(endpoint));
  const facts = [
    ...(isNow ? [words.now] : []),
    clearance === undefined ? words.seesNothing : words.sees(clearance),
    endpoint.id,
    rule?.operator ?? endpoint.operator,
    ...(rule?.jurisdiction === undefined ? [] : [words.law(rule.jurisdiction)]),
    ...(each.contextTokens === undefined ? [] : [words.window(shortCount(each.contextTokens))]),
    ...(each.vision === true ? [words.pictures] : []),
  ];
  return { label: each.id, note: facts.join(" · "), more: words.rule(source.rule) };
}
