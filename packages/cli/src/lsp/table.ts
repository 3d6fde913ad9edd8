/** Which language servers are known, and how each is started. None is ever downloaded. */
import type { JsonObject } from "@cloister/base";

export interface KnownServer {
  readonly title: string;
  /** A program's name, and what is said to it. */
  readonly program: string;
  readonly args: readonly string[];
  readonly languages: Readonly<Record<string, string>>;
  readonly settings?: JsonObject;
  /** In the package that holds the program, the least major version that can do it. */
  readonly majorMin?: number;
}

const script: Readonly<Record<string, string>> = {
  ...{ ts: "typescript", mts: "typescript", cts: "typescript", tsx: "typescriptreact" },
  ...{ js: "javascript", mjs: "javascript", cjs: "javascript", jsx: "javascriptreact" },
};
const python: Readonly<Record<string, string>> = { py: "python", pyi: "python" };
const c: Readonly<Record<string, string>> = {
  ...{ c: "c", h: "c", cc: "cpp", cpp: "cpp", cxx: "cpp", hh: "cpp", hpp: "cpp", hxx: "cpp" },
  ...{ m: "objective-c", mm: "objective-cpp", cu: "cuda" },
};
const stdio = ["--stdio"];

/** For each language the first that is there. */
export const knownServers: readonly KnownServer[] = [
  {
    title: "typescript-language-server",
    program: "typescript-language-server",
    args: stdio,
    languages: script,
    settings: {
      // It would fetch types from a registry.
      disableAutomaticTypingAcquisition: true,
      // Its second server answers at once, and knows one file only.
      tsserver: { useSyntaxServer: "never" },
    },
  },
  {
    title: "vtsls",
    program: "vtsls",
    args: stdio,
    languages: script,
    settings: {
      typescript: { disableAutomaticTypeAcquisition: true, tsserver: { useSyntaxServer: "never" } },
    },
  },
  // The compiler itself, from the version on that is written in Go.
  { title: "TypeScript", program: "tsc", args: ["--lsp", ...stdio], languages: script, majorMin: 7 },
  { title: "basedpyright", program: "basedpyright-langserver", args: stdio, languages: python },
  { title: "pyright", program: "pyright-langserver", args: stdio, languages: python },
  { title: "pylsp", program: "pylsp", args: [], languages: python },
  { title: "gopls", program: "gopls", args: [], languages: { go: "go", mod: "go.mod" } },
  {
    title: "rust-analyzer",
    program: "rust-analyzer",
    args: [],
    languages: { rs: "rust" },
    // Build scripts and macros are programs of the repository, and `cargo check` writes into it.
    settings: {
      cargo: { buildScripts: { enable: false } },
      procMacro: { enable: false },
      checkOnSave: false,
      check: { command: "check" },
    },
  },
  { title: "clangd", program: "clangd", args: ["--background-index=false", "--log=error"], languages: c },
  { title: "jdtls", program: "jdtls", args: [], languages: { java: "java" } },
  {
    title: "Kotlin",
    program: "kotlin-language-server",
    args: [],
    languages: { kt: "kotlin", kts: "kotlin" },
  },
  { title: "csharp-ls", program: "csharp-ls", args: [], languages: { cs: "csharp" } },
  { title: "ruby-lsp", program: "ruby-lsp", args: [], languages: { rb: "ruby" } },
  { title: "solargraph", program: "solargraph", args: ["stdio"], languages: { rb: "ruby" } },
  { title: "intelephense", program: "intelephense", args: stdio, languages: { php: "php" } },
  { title: "lua-language-server", program: "lua-language-server", args: [], languages: { lua: "lua" } },
  { title: "zls", program: "zls", args: [], languages: { zig: "zig" } },
  { title: "SourceKit", program: "sourcekit-lsp", args: [], languages: { swift: "swift" } },
  { title: "metals", program: "metals", args: [], languages: { scala: "scala" } },
  { title: "ElixirLS", program: "elixir-ls", args: [], languages: { ex: "elixir", exs: "elixir" } },
  {
    title: "haskell-language-server",
    program: "haskell-language-server-wrapper",
    args: ["--lsp"],
    languages: { hs: "haskell" },
  },
  { title: "ocamllsp", program: "ocamllsp", args: [], languages: { ml: "ocaml", mli: "ocaml.interface" } },
  { title: "dart", program: "dart", args: ["language-server"], languages: { dart: "dart" } },
  {
    title: "bash-language-server",
    program: "bash-language-server",
    args: ["start"],
    languages: { sh: "shellscript", bash: "shellscript" },
  },
];
