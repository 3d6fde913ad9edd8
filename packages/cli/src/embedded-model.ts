/** `--model FILE.gguf`: a model file that runs in this process, in the place of a server. */
import { closeSync, openSync, readSync } from "node:fs";
import { registerHooks } from "node:module";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Endpoint } from "@cloister/airlock";
import { createEmbeddedBackend, type NodeLlamaCppModule } from "@cloister/backend";
import { CloisterError, systemCodeOf } from "@cloister/base";
import type { Label } from "@cloister/policy";
import { chatProtocol } from "@cloister/wire";
import type { Environment } from "./environment.ts";

/** Without an endpoint such a name is a file's. With one it is the name of a model there: servers use file names, too. */
export function isModelFile(model: string | undefined): model is string {
  return model !== undefined && /\.gguf$/i.test(model);
}

export interface ModelFile {
  readonly endpoint: Endpoint;
  readonly model: string;
}

/**
 * Finds the file and the engine, and loads the model when it is first asked, or described. Nothing leaves this process,
 * so it is cleared for everything unless told otherwise.
 * @throws CloisterError `model-file-unusable`, `embedded-engine-missing`, `embedded-engine-failed`
 */
export async function openModelFile(
  path: string,
  clearance: Label | undefined,
  environment: Environment,
  contextTokens?: number,
): Promise<ModelFile> {
  const file = resolve(environment.directory, path);
  checkModelFile(file);
  const [module, { Template }] = await Promise.all([loadEngine(environment), import("@huggingface/jinja")]);
  const backend = createEmbeddedBackend({
    file,
    cores: environment.cores,
    ...(contextTokens === undefined ? {} : { contextTokens }),
    load: () => Promise.resolve(module),
    renderTemplate: (template, values) => new Template(template).render(values),
  });
  const name = basename(file);
  return {
    model: name.replace(/\.gguf$/i, ""),
    endpoint: {
      id: name,
      url: backend.url.href,
      protocol: chatProtocol,
      clearance: clearance ?? "core",
      operator: "this machine",
      server: "embedded",
      backend,
    },
  };
}

const MAGIC = "GGUF";

/** Here, where a wrong path costs nothing yet. */
function checkModelFile(file: string): void {
  const start = Buffer.alloc(MAGIC.length);
  try {
    const descriptor = openSync(file, "r");
    try {
      readSync(descriptor, start);
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    throw new CloisterError(`${file} cannot be read (${systemCodeOf(cause) ?? "unknown error"})`, {
      code: "model-file-unusable",
      next: "correct the path; a model of that name on a server needs --endpoint URL as well",
      cause,
    });
  }
  if (start.toString("latin1") === MAGIC) return;
  throw new CloisterError(`${file} is not a GGUF file`, {
    code: "model-file-unusable",
    next: "give the model's file in GGUF, whole; a download that broke off, or a Git LFS pointer, is none",
  });
}

/** Beside the program, or else where the error below says to install it. */
async function loadEngine(environment: Environment): Promise<NodeLlamaCppModule> {
  const own = engineFolder(environment);
  const parentURL = pathToFileURL(join(own, "engine.js")).href;
  try {
    return await importEngine();
  } catch (error) {
    if (!isMissing(error)) throw broken(error);
  }
  // The program may be one file anywhere, so the engine has a place that does not depend on it.
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, specifier === ENGINE ? { ...context, parentURL } : context),
  });
  try {
    return await importEngine();
  } catch (error) {
    if (!isMissing(error)) throw broken(error);
    throw new CloisterError("the engine for model files is not installed", {
      code: "embedded-engine-missing",
      next: installLines(own, environment),
      cause: error,
    });
  } finally {
    hooks.deregister();
  }
}

const ENGINE = "node-llama-cpp";
const ENGINE_VERSION = "3.22.1";

async function importEngine(): Promise<NodeLlamaCppModule> {
  // Its own types are many; what is used of it is written down in the backend.
  return (await import("node-llama-cpp")) as unknown as NodeLlamaCppModule;
}

function isMissing(error: unknown): boolean {
  return systemCodeOf(error) === "ERR_MODULE_NOT_FOUND" && String(error).includes(`'${ENGINE}'`);
}

function broken(cause: unknown): CloisterError {
  return new CloisterError("the engine for model files is installed, and cannot be loaded", {
    code: "embedded-engine-failed",
    next: "install it anew; on Linux it needs glibc 2.34 or later",
    cause,
  });
}

function engineFolder({ home }: Environment): string {
  return join(home, ".cloister", "engine");
}

/** Its ready-made builds: the one for any machine of a kind, then those for its graphics cards. */
const builds: Readonly<Record<string, readonly string[]>> = {
  "linux x64": ["linux-x64", "linux-x64-cuda", "linux-x64-vulkan"],
  "linux arm64": ["linux-arm64"],
  "linux arm": ["linux-armv7l"],
  "linux riscv64": ["linux-riscv64"],
  "darwin arm64": ["mac-arm64-metal"],
  "darwin x64": ["mac-x64"],
  "win32 x64": ["win-x64", "win-x64-cuda", "win-x64-vulkan"],
  "win32 arm64": ["win-arm64"],
};

/** One build by its name: left to itself npm takes all of them, 700 MB. */
function installLines(folder: string, { platform, architecture }: Environment): string {
  const [plain, ...cards] = (builds[`${platform} ${architecture}`] ?? []).map(
    (build) => `@node-llama-cpp/${build}@${ENGINE_VERSION}`,
  );
  if (plain === undefined) {
    return `there is no build of it for ${platform} ${architecture}; name a model server with --endpoint URL`;
  }
  const install = `npm install --prefix "${folder}" --omit=optional --ignore-scripts ${ENGINE}@${ENGINE_VERSION} ${plain}`;
  const forCards = cards.length === 0 ? "" : `\n  for a graphics card, add ${cards.join(" or ")}`;
  return `install it (85 MB), or name a model server with --endpoint URL:\n  ${install}${forCards}`;
}
