// Certificates of the tests, made by openssl in a temporary folder when they are needed.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Identity {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** Its own certificate, PEM. */
  readonly ca: string;
  /** Where its files are; its certificate is ca.pem. */
  readonly folder: string;
  /** For these names, such as "DNS:models.example" or "IP:127.0.0.1". */
  issue(names: readonly string[], days?: number): Identity;
  /** The same key, encrypted. */
  lock(key: string, passphrase: string): string;
  remove(): void;
}

const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

export function createAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), "cloister-certificates-"));
  const openssl = (...args: string[]): void => {
    execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  };
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  openssl(
    "req",
    "-x509",
    ...curve,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-subj",
    "/CN=House CA",
    "-days",
    "2",
  );
  return {
    ca: read("ca.pem"),
    folder,
    issue(names, days = 2) {
      openssl("req", ...curve, "-keyout", "one.key", "-out", "one.csr", "-subj", "/CN=one");
      writeFileSync(join(folder, "one.ext"), `subjectAltName=${names.join(",")}\n`);
      const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "one.ext"];
      openssl("x509", "-req", "-in", "one.csr", ...signing, "-days", String(days), "-out", "one.pem");
      return { cert: read("one.pem"), key: read("one.key") };
    },
    lock(key, passphrase) {
      writeFileSync(join(folder, "plain.key"), key);
      openssl("ec", "-in", "plain.key", "-aes256", "-passout", `pass:${passphrase}`, "-out", "locked.key");
      return read("locked.key");
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
