import { randomBytes } from "node:crypto";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CloisterError } from "@cloister/base";

export interface TourProject {
  readonly folder: string;
  /** The made-up secret and the file it stands in. */
  readonly key: string;
  readonly keyFile: string;
}

/** Copies the sample project and gives it a payment key of its own, shaped like a real one and good for nothing. */
export function copyProject(entry: string, folder: string): TourProject {
  cpSync(sampleFolder(entry), folder, { recursive: true });
  const key = `sk_live_${randomBytes(18)
    .toString("base64")
    .replaceAll(/[^A-Za-z0-9]/g, "7")}`;
  const keyFile = "config/shop.js";
  const path = join(folder, keyFile);
  writeFileSync(path, readFileSync(path, "utf8").replace("{{PAYMENT_KEY}}", key));
  return { folder, key, keyFile };
}

/** Beside the published file, or beside `src` in a checkout. */
function sampleFolder(entry: string): string {
  const candidates = [join(dirname(entry), "sample"), join(dirname(dirname(entry)), "sample")];
  const found = candidates.find((folder) => existsSync(folder));
  if (found !== undefined) return found;
  throw new CloisterError("the tour's sample project is missing", {
    code: "broken-install",
    next: "install Cloister again",
  });
}
