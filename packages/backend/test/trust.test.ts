import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { after, test } from "node:test";
import type { TestContext } from "node:test";
import { CloisterError, formatError, systemClock } from "@cloister/base";
import { createBackend } from "../src/index.ts";
import type { Backend } from "../src/index.ts";
import { createAuthority } from "./certificates.ts";
import { echo, failure, listenTls, reach } from "./house.ts";
import { listenHttp } from "./loopback.ts";

const house = createAuthority();
const server = house.issue(["IP:127.0.0.1"]);
const client = house.issue(["DNS:developer.example"]);
const stranger = createAuthority();
after(() => {
  house.remove();
  stranger.remove();
});

const extraCa = house.ca;

/** OpenSSL's own server, which answers GET only, says by an alert why it refuses a certificate; Node's says nothing. */
async function listenOpenssl(t: TestContext, folder: string, version: string): Promise<number> {
  await writeFile(`${folder}/server.pem`, server.cert + server.key);
  const verifying = ["-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem"];
  const args = ["s_server", "-accept", "127.0.0.1:0", "-www", "-cert", "server.pem", ...verifying, version];
  const child = spawn("openssl", args, { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
  t.after(() => child.kill());
  let said = "";
  for await (const piece of child.stdout) {
    said += String(piece);
    const port = /ACCEPT 127\.0\.0\.1:(\d+)\n/.exec(said)?.[1];
    if (port !== undefined) return Number(port);
  }
  assert.fail(`openssl s_server does not start: ${said}`);
}

function refusal(backend: Backend): Promise<CloisterError> {
  return failure(backend, backend.describe());
}

test("a certificate of the house's own authority is trusted when the authority was added, and only then", async (t) => {
  const { port } = await listenTls(t, server);
  await echo(reach(t, `https://127.0.0.1:${port}`, { extraCa }));
  for (const network of [{}, { extraCa: stranger.ca }]) {
    const error = await failure(reach(t, `https://127.0.0.1:${port}`, network));
    assert.equal(error.code, "endpoint-untrusted");
    assert.match(formatError(error), /next: add the CA that signed its certificate with extraCa/);
  }
});

test("several authorities in one text are all trusted", async (t) => {
  const { port } = await listenTls(t, server);
  const both = `the house's\n${stranger.ca}\nand\n${house.ca}`;
  await echo(reach(t, `https://127.0.0.1:${port}`, { extraCa: both }));
});

test("a certificate for another name is not trusted, and the error says what is wrong", async (t) => {
  const { port } = await listenTls(t, server);
  const error = await failure(reach(t, `https://localhost:${port}`, { extraCa }));
  assert.equal(error.code, "endpoint-untrusted");
  assert.match(
    formatError(error),
    /ALTNAME_INVALID[^]*next: use a host name that the server's certificate holds/,
  );
});

test("a server that does not speak TLS is named as such", async (t) => {
  const plain = await listenHttp((_, response) => response.end());
  t.after(() => plain.close());
  const error = await failure(reach(t, plain.url.replace("http:", "https:"), { extraCa }));
  assert.equal(error.code, "endpoint-unreachable");
  assert.match(formatError(error), /next: check that the server speaks TLS on this port/);
});

test("a client certificate is shown to a server that asks for one, and its refusal is named", async (t) => {
  for (const version of ["-tls1_2", "-tls1_3"]) {
    const baseUrl = `https://127.0.0.1:${await listenOpenssl(t, house.folder, version)}`;
    const description = await reach(t, baseUrl, { extraCa, clientCertificate: client }).describe();
    assert.equal(description.server, "unknown");
    const foreign = stranger.issue(["DNS:developer.example"]);
    const error = await refusal(reach(t, baseUrl, { extraCa, clientCertificate: foreign }));
    assert.equal(error.code, "client-certificate-refused", formatError(error));
    assert.match(formatError(error), /next: give clientCertificate/);
  }
});

test("the lack of a client certificate is named", async (t) => {
  const exact = await listenOpenssl(t, house.folder, "-tls1_3");
  const error = await refusal(reach(t, `https://127.0.0.1:${exact}`, { extraCa }));
  assert.equal(error.code, "client-certificate-refused", formatError(error));
  // The alert of TLS 1.2 may mean other things as well.
  const vague = await listenOpenssl(t, house.folder, "-tls1_2");
  const other = await refusal(reach(t, `https://127.0.0.1:${vague}`, { extraCa }));
  assert.equal(other.code, "endpoint-unreachable");
  assert.match(formatError(other), /HANDSHAKE_FAILURE[^]*next: .*clientCertificate/);
});

test("an encrypted key is opened with its passphrase; a wrong one is refused before anything is contacted", async (t) => {
  const passphrase = "made" + "-up-" + "phrase";
  const { port } = await listenTls(t, { ...server, requestCert: true, ca: house.ca });
  const key = house.lock(client.key, passphrase);
  const baseUrl = `https://127.0.0.1:${port}`;
  await echo(reach(t, baseUrl, { extraCa, clientCertificate: { ...client, key, passphrase } }));
  for (const clientCertificate of [
    { ...client, key },
    { ...client, key, passphrase: "another" },
    { ...client, key: server.key },
    { ...client, cert: "nothing" },
  ]) {
    assert.throws(
      () => createBackend({ baseUrl, clock: systemClock, network: { clientCertificate } }),
      (error) =>
        error instanceof CloisterError &&
        error.code === "bad-client-certificate" &&
        !formatError(error).includes(passphrase),
    );
  }
});

test("a damaged authority is refused before anything is contacted", () => {
  const damaged = house.ca.replace(/[A-Za-z0-9+/]{20}/, "AAAAAAAAAAAAAAAAAAAA");
  for (const text of ["", "house-ca.pem", damaged, `${house.ca}\n${damaged}`]) {
    assert.throws(
      () => createBackend({ baseUrl: "https://127.0.0.1:1", clock: systemClock, network: { extraCa: text } }),
      { code: "bad-extra-ca" },
    );
  }
});
