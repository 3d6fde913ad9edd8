/** A folder that offers plugins: `.claude-plugin/marketplace.json` with their names and where they lie in it. */
import { lstatSync, readFileSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { CloisterError, isRecord, messageOf } from "@cloister/base";

export interface Marketplace {
  readonly name: string;
  readonly folder: string;
  readonly offers: readonly Offer[];
}

export interface Offer {
  readonly name: string;
  readonly description: string;
  /** Its folder; undefined where it would have to be fetched, or lies outside. */
  readonly folder: string | undefined;
}

const FILE_BYTES_MAX = 1024 * 1024;
const OFFERS_MAX = 1000;
const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/u;

/** Undefined where the folder is none. @throws CloisterError `bad-marketplace` */
export function readMarketplace(folder: string): Marketplace | undefined {
  const path = join(folder, ".claude-plugin", "marketplace.json");
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (!stats.isFile() || stats.size > FILE_BYTES_MAX) throw bad(path, "it is no plain file of at most 1 MiB");
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw bad(path, messageOf(error).split("\n", 1)[0] ?? "");
  }
  if (!isRecord(value) || typeof value["name"] !== "string" || !NAME.test(value["name"])) {
    throw bad(path, "it has no name");
  }
  const root = isRecord(value["metadata"]) ? value["metadata"]["pluginRoot"] : undefined;
  const base = resolve(folder, typeof root === "string" ? root : ".");
  const plugins: readonly unknown[] = Array.isArray(value["plugins"]) ? value["plugins"] : [];
  const offers = plugins.slice(0, OFFERS_MAX).flatMap((plugin): Offer[] => {
    if (!isRecord(plugin) || typeof plugin["name"] !== "string" || !NAME.test(plugin["name"])) return [];
    const { name, description, source } = plugin;
    const at = typeof source === "string" ? folderInside(folder, resolve(base, source)) : undefined;
    return [{ name, description: typeof description === "string" ? description : "", folder: at }];
  });
  return { name: value["name"], folder, offers };
}

/** @throws CloisterError `no-plugin` */
export function offerOf(
  marketplace: Marketplace,
  wanted: { readonly plugin: string; readonly name: string },
): string {
  const { name, offers } = marketplace;
  if (name !== wanted.name) throw none(`this marketplace is "${name}", not "${wanted.name}"`, marketplace);
  const offer = offers.find((each) => each.name === wanted.plugin);
  if (offer === undefined) throw none(`${name} offers no "${wanted.plugin}"`, marketplace);
  if (offer.folder !== undefined) return offer.folder;
  throw none(
    `${wanted.plugin} does not lie in this marketplace's own folder, and nothing is fetched`,
    marketplace,
  );
}

const NAMES_SHOWN_MAX = 50;

function none(message: string, { name, offers }: Marketplace): CloisterError {
  const there = offers.filter(({ folder }) => folder !== undefined).slice(0, NAMES_SHOWN_MAX);
  const names = there.map((each) => `${each.name}@${name}`).join(", ");
  return new CloisterError(message, { code: "no-plugin", next: `there are: ${names || "none"}` });
}

/** A real folder in the marketplace: neither a way out by its name nor by a link. */
function folderInside(folder: string, path: string): string | undefined {
  try {
    const [root, real] = [realpathSync(folder), realpathSync(path)];
    return real === root || real.startsWith(`${root}/`) ? real : undefined;
  } catch {
    return undefined; // not there
  }
}

function bad(path: string, why: string): CloisterError {
  return new CloisterError(`${path} cannot be read: ${why}`, {
    code: "bad-marketplace",
    next: "name the folder of one plugin, or mend the file",
  });
}
