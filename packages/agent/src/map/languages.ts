/** What a definition is in each language, as patterns of tree-sitter's grammars; `@n` is its name. */

export interface Grammar {
  /** `tree-sitter-<name>.wasm`. */
  readonly name: string;
  readonly patterns: readonly string[];
}

/** `kinds` with a field `name`. */
function named(...kinds: readonly string[]): string[] {
  return kinds.map((kind) => `(${kind} name: (_) @n)`);
}

const constants = ["program", "export_statement"].map(
  (around) => `(${around} (lexical_declaration (variable_declarator name: (identifier) @n)))`,
);
const javascript = [
  ...named(
    "function_declaration",
    "generator_function_declaration",
    "class_declaration",
    "method_definition",
  ),
  ...constants,
];
const typescript = [
  ...javascript,
  ...named(
    "abstract_class_declaration",
    "interface_declaration",
    "type_alias_declaration",
    "enum_declaration",
  ),
];
const grammars = {
  javascript: { name: "javascript", patterns: javascript },
  typescript: { name: "typescript", patterns: typescript },
  tsx: { name: "tsx", patterns: typescript },
  python: {
    name: "python",
    patterns: [
      ...named("function_definition", "class_definition"),
      "(module (expression_statement (assignment left: (identifier) @n)))",
    ],
  },
  go: {
    name: "go",
    patterns: [
      ...named("function_declaration", "method_declaration", "type_spec"),
      ...["const", "var"].map(
        (kind) => `(source_file (${kind}_declaration (${kind}_spec name: (identifier) @n)))`,
      ),
    ],
  },
  rust: {
    name: "rust",
    patterns: named(
      ...["function_item", "function_signature_item", "struct_item", "enum_item", "trait_item", "type_item"],
      ...["union_item", "const_item", "static_item", "macro_definition", "mod_item"],
    ),
  },
  java: {
    name: "java",
    patterns: named(
      ...["class_declaration", "interface_declaration", "enum_declaration", "record_declaration"],
      ...["annotation_type_declaration", "method_declaration"],
    ),
  },
  // Its grammar reads C as well.
  cpp: {
    name: "cpp",
    patterns: [
      "(function_declarator declarator: [(identifier) (field_identifier) (qualified_identifier)] @n)",
      ...["class", "struct", "union", "enum"].map((kind) => `(${kind}_specifier name: (_) @n body: (_))`),
      "(type_definition declarator: (type_identifier) @n)",
      ...named("namespace_definition", "preproc_function_def"),
    ],
  },
  csharp: {
    name: "c-sharp",
    patterns: named(
      ...["class_declaration", "interface_declaration", "struct_declaration", "enum_declaration"],
      ...["record_declaration", "method_declaration", "delegate_declaration", "property_declaration"],
    ),
  },
  php: {
    name: "php",
    patterns: named(
      ...["function_definition", "class_declaration", "interface_declaration", "trait_declaration"],
      ...["enum_declaration", "method_declaration"],
    ),
  },
  ruby: { name: "ruby", patterns: named("method", "singleton_method", "class", "module") },
  bash: { name: "bash", patterns: named("function_definition") },
} as const satisfies Readonly<Record<string, Grammar>>;

export const allGrammars: readonly Grammar[] = Object.values(grammars);

const endings: Readonly<Record<string, Grammar>> = {
  ...{
    js: grammars.javascript,
    mjs: grammars.javascript,
    cjs: grammars.javascript,
    jsx: grammars.javascript,
  },
  ...{ ts: grammars.typescript, mts: grammars.typescript, cts: grammars.typescript, tsx: grammars.tsx },
  ...{ py: grammars.python, pyi: grammars.python, go: grammars.go, rs: grammars.rust, java: grammars.java },
  ...{ c: grammars.cpp, h: grammars.cpp, cc: grammars.cpp, cpp: grammars.cpp, cxx: grammars.cpp },
  ...{ hh: grammars.cpp, hpp: grammars.cpp, hxx: grammars.cpp, cs: grammars.csharp, php: grammars.php },
  ...{ rb: grammars.ruby, sh: grammars.bash, bash: grammars.bash },
};

export function grammarFor(path: string): Grammar | undefined {
  const ending = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(endings, ending) ? endings[ending] : undefined;
}
