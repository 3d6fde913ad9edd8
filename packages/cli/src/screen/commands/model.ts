/** The models that can be had, with what each may see; and another one for the next message. */
import { clearanceOf, factsOf, type Endpoint } from "@cloister/airlock";
import { discover, isLoopback, type ServerDescription } from "@cloister/backend";
import type { Desk, PickItem } from "@cloister/console";
import { shortCount } from "@cloister/console";
import { rateEndpoint, type Policy } from "@cloister/policy";
import type { ScreenWords } from "../words/type.ts";
import { goingOnWith, newSession } from "../going-on.ts";
import { savedNow } from "./saved.ts";
import { notReady, say, type ScreenWorld } from "./world.ts";

type Model = ServerDescription["models"][number];

export interface ModelChoice {
  readonly model: Model;
  readonly endpoint: Endpoint;
  readonly isNow: boolean;
}

const MODELS_MAX = 500;
const ASK_MS_MAX = 5000;

export async function model(world: ScreenWorld, desk: Desk, rest: string): Promise<void> {
  const { words, session } = world;
  const { chosen, policy } = session;
  if (chosen === undefined || policy === undefined || session.opened === undefined) throw notReady(words);
  const choices = await choicesOf(world);
  const named = rest === "" ? -1 : choices.findIndex(({ model: { id } }) => id === rest);
  const picked =
    named >= 0
      ? named
      : await desk.pick({
          title: words.model.title,
          items: choices.map((choice) => itemOf(choice, policy, words)),
          empty: words.nothingFound,
          hint: words.pickHint,
          at: choices.findIndex(({ isNow }) => isNow),
        });
  const choice = picked === undefined ? undefined : choices[picked];
  if (choice === undefined || choice.isNow) return;
  if (desk.isWorking) return say(desk, words.model.busy, "warning");
  const isSameEndpoint = choice.endpoint.url === chosen.endpoint.url;
  // A conversation goes on with the other model; the airlock judges all of it anew for that one.
  const saved = savedNow(world);
  world.moveOn(() => {
    say(desk, words.model.switched(choice.model.id), "good");
    return Promise.resolve({
      model: choice.model.id,
      ...(isSameEndpoint ? {} : { endpoint: choice.endpoint.url, clearance: undefined }),
      session: saved === undefined ? newSession(world.args.session) : goingOnWith(saved.head.id),
    });
  });
}

/** Those of the endpoint in use; and those of other servers on this machine, where that one is here too. */
async function choicesOf({ session, environment }: ScreenWorld): Promise<readonly ModelChoice[]> {
  const { chosen } = session;
  if (chosen === undefined) return [];
  const over = AbortSignal.timeout(ASK_MS_MAX);
  const isHere = URL.canParse(chosen.endpoint.url) && isLoopback(new URL(chosen.endpoint.url));
  const [own, others] = await Promise.all([
    chosen.endpoint.backend.describe(over),
    isHere ? discover({ clock: environment.clock, signal: over }) : [],
  ]);
  const mine = own.models.map((each) => choiceOf(each, chosen.endpoint, each.id === chosen.model));
  const known = mine.some(({ isNow }) => isNow);
  const now: ModelChoice = { model: { id: chosen.model }, endpoint: chosen.endpoint, isNow: true };
  const elsewhere = others
    .filter(({ baseUrl }) => new URL(baseUrl).host !== new URL(chosen.endpoint.url).host)
    .flatMap(({ baseUrl, description: { models } }) =>
      models.map((each) => choiceOf(each, { ...chosen.endpoint, ...placeOf(baseUrl) }, false)),
    );
  return [...(known ? [] : [now]), ...mine, ...elsewhere].slice(0, MODELS_MAX);
}

function placeOf(baseUrl: string): Pick<Endpoint, "id" | "url" | "operator" | "clearance"> {
  const url = new URL(baseUrl);
  return { id: url.host, url: url.href, operator: "this machine", clearance: "core" };
}

/** A model that a server here only passes on to somebody else is judged as that somebody's. */
function choiceOf(each: Model, endpoint: Endpoint, isNow: boolean): ModelChoice {
  const { remoteHost } = each;
  const judged =
    remoteHost === undefined ? endpoint : { ...endpoint, operator: remoteHost, clearance: "public" as const };
  return { model: each, endpoint: judged, isNow };
}

export function itemOf(
  { model: each, endpoint, isNow }: ModelChoice,
  policy: Policy,
  { model: words }: Pick<ScreenWords, "model">,
): PickItem {
  const clearance = clearanceOf(policy, endpoint);
  const { rule } = rateEndpoint(policy, factsOf(endpoint));
  const facts = [
    ...(isNow ? [words.now] : []),
    clearance === undefined ? words.seesNothing : words.sees(clearance),
    endpoint.id,
    rule?.operator ?? endpoint.operator,
    ...(rule?.jurisdiction === undefined ? [] : [words.law(rule.jurisdiction)]),
    ...(each.contextTokens === undefined ? [] : [words.window(shortCount(each.contextTokens))]),
    ...(each.vision === true ? [words.pictures] : []),
  ];
  return { label: each.id, note: facts.join(" · ") };
}
