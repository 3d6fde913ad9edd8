import { clean } from "./clean.ts";
import { containers } from "./containers.ts";
import { named, selfEvident } from "./credentials.ts";
import { heldOutClean, heldOutPersonal, heldOutPlaces } from "./held-out.ts";
import { moreClean, morePersonal, morePlaces } from "./more.ts";
import { mark, unmark } from "./mark.ts";
import type { CorpusDocument } from "./mark.ts";
import { personal, places } from "./places.ts";
import { createRandom } from "./random.ts";
import type { Random } from "./random.ts";
import * as strangerOne from "./stranger-one.ts";
import * as strangerThree from "./stranger-three.ts";
import * as strangerTwo from "./stranger-two.ts";

export interface Corpus {
  readonly secrets: readonly CorpusDocument[];
  readonly personal: readonly CorpusDocument[];
  readonly clean: readonly CorpusDocument[];
}

type Writers = Readonly<Record<string, (random: Random) => string>>;

/** Some forty documents written after the rules. */
export function createHeldOut(seed: number): Corpus {
  const r = createRandom(seed);
  return {
    secrets: writeAll(heldOutPlaces, r),
    personal: writeAll(heldOutPersonal, r),
    clean: writeAll(heldOutClean, r),
  };
}

interface Stranger {
  readonly secrets: Writers;
  readonly personal: Writers;
  readonly clean: Writers;
}

const STRANGERS: Readonly<Record<"one" | "two" | "three", Stranger>> = {
  one: strangerOne,
  two: strangerTwo,
  three: strangerThree,
};

/** Documents by readers of the vendors' pages; what the third set missed no rule was made for. */
export function createStrangers(set: "one" | "two" | "three", seed: number): Corpus {
  const r = createRandom(seed);
  const { secrets, personal: people, clean: harmless } = STRANGERS[set];
  return { secrets: writeAll(secrets, r), personal: writeAll(people, r), clean: writeAll(harmless, r) };
}

/** About 680 documents, more than half of them clean. Another seed combines other credentials with other containers. */
export function createCorpus(seed: number): Corpus {
  const r = createRandom(seed);
  const files = Object.entries(containers);
  const secrets: CorpusDocument[] = [];
  for (const { kinds, name, make } of [...selfEvident, ...named, ...named]) {
    const [container, write] = r.pick(files);
    const marked = write(name, mark(kinds.join(" "), make(r)), r);
    // JSON.stringify in a container may have escaped the marks' neighbours, never the marks.
    secrets.push(unmark(`${container}/${name}`, marked));
  }
  return {
    secrets: [...secrets, ...writeAll(places, r), ...writeAll(morePlaces, r)],
    personal: [...writeAll(personal, r), ...writeAll(morePersonal, r)],
    clean: [1, 2, 3].flatMap(() => writeAll({ ...clean, ...moreClean }, r)),
  };
}

function writeAll(writers: Writers, r: Random): CorpusDocument[] {
  return Object.entries(writers).map(([name, write]) => unmark(name, write(r)));
}
