// Ordinary projects of others, built and tested in a cell: `node e2e/life/run.ts`. Their packages are fetched outside, from
// the registry that npm is configured with; inside, everything is done without a network, but where a row says so.
import { mkdirSync } from "node:fs";
import {
  cProject,
  createProject,
  gitWork,
  isThere,
  registryOf,
  serveInCell,
  type Ended,
  type Project,
} from "./project.ts";

interface Work {
  readonly name: string;
  readonly needs: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  /** Fetches, outside. */
  readonly before?: string;
  readonly inside: string;
}

/** Small packages whose archives hold their tests. */
const packages = ["left-pad@1.3.0", "concat-map@0.0.2", "minimist@1.2.8"];

const work: readonly Work[] = [
  ...packages.map((name): Work => {
    const test = name.startsWith("minimist") ? "npx --no-install tape 'test/**/*.js'" : "npm test";
    return {
      name: `npm ci && npm test: ${name}`,
      needs: ["npm"],
      files: {},
      before: `npm pack --silent ${name} && tar xzf *.tgz --strip-components 1 && rm *.tgz && npm install --package-lock --ignore-scripts --no-audit --no-fund --cache .npm-cache && npm ci --ignore-scripts --no-audit --no-fund --cache .npm-cache`,
      inside: `npm ci --offline --ignore-scripts --no-audit --no-fund --cache .npm-cache && ${test}`,
    };
  }),
  { name: "git commit and rebase", needs: ["git"], files: {}, before: "git init -q .", inside: gitWork },
  { name: "make", needs: ["make", "cc"], files: cProject, inside: "make -j2" },
  {
    name: "cargo build and test",
    needs: ["cargo"],
    files: {
      "Cargo.toml": '[package]\nname = "life"\nversion = "0.1.0"\nedition = "2021"\n',
      "src/lib.rs": "pub fn two() -> i32 { 2 }\n#[test]\nfn is_two() { assert_eq!(two(), 2); }\n",
    },
    inside: "cargo test --offline",
  },
  {
    name: "pytest",
    needs: ["pytest"],
    files: {
      "test_it.py":
        "def test_it(tmp_path):\n    (tmp_path / 'x').write_text('x')\n    assert (tmp_path / 'x').read_text() == 'x'\n",
    },
    inside: "pytest -q",
  },
];

interface Attempt {
  readonly row: string;
  readonly works: boolean;
}

async function attempt(one: Work): Promise<Attempt> {
  const missing = one.needs.filter((program) => !isThere(program));
  if (missing.length > 0) {
    return { row: `not tried  ${one.name}: ${missing.join(", ")} is not here`, works: true };
  }
  using project: Project = createProject(one.files);
  mkdirSync(project.folder, { recursive: true });
  if (one.before !== undefined) {
    const fetched = await project.outside(one.before);
    if (fetched.code !== 0) return { row: failed(`${one.name} (outside, before)`, fetched), works: false };
  }
  const outside = await project.outside(`cp -r . ../bare && cd ../bare && ${one.inside}`);
  if (outside.code !== 0) return { row: failed(`${one.name} (outside too)`, outside), works: false };
  const inside = await project.inside(one.inside);
  if (inside.code !== 0) return { row: failed(one.name, inside), works: false };
  return {
    row: `works      ${one.name}: ${inside.wallMs} ms inside, ${outside.wallMs} ms outside`,
    works: true,
  };
}

function failed(name: string, { code, output }: Ended): string {
  return `FAILS      ${name}: code ${code}\n${output.trim().slice(-2000)}`;
}

/** npm inside, with the one host that it needs. */
async function installInside(): Promise<Attempt> {
  const name = "npm install in the cell, its registry allowed";
  if (!isThere("npm")) return { row: `not tried  ${name}: npm is not here`, works: true };
  using project: Project = createProject({ "package.json": '{"dependencies": {"minimist": "1.2.8"}}' });
  const { allow, npm, isMadeUp } = await registryOf(project);
  if (isMadeUp) {
    const why = "the registry's name leads to an address of documentation, which no door opens to";
    return { row: `not tried  ${name}: ${why}`, works: true };
  }
  const command = `npm install --ignore-scripts --no-audit --no-fund ${npm} && node -p 'require("minimist")(["-a"]).a'`;
  // A house's own registry has an address that only `local:` may reach.
  const open = await project.inside(command, ["--allow", allow]);
  const inside = open.code === 0 ? open : await project.inside(command, ["--allow", `local:${allow}`]);
  const works = inside.code === 0 && /^true$/m.test(inside.output);
  return { row: works ? `works      ${name}: ${inside.wallMs} ms` : failed(name, inside), works };
}

async function serve(): Promise<Attempt> {
  const name = "a development server, published";
  if (!isThere("python3")) return { row: `not tried  ${name}: python3 is not here`, works: true };
  using project: Project = createProject({ "page.txt": "first" });
  const seen = await serveInCell(project, "python3 -m http.server 8123", "page.txt");
  const works = seen.join() === "first,edited";
  return { row: works ? `works      ${name}` : `FAILS      ${name}: ${seen.join()}`, works };
}

for (const one of [...work.map((each) => () => attempt(each)), installInside, serve]) {
  const { row, works } = await one();
  console.log(row);
  if (!works) process.exitCode = 1;
}
