import { apparmorProfile } from "./profile.ts";
import type { Words } from "./type.ts";

export const en: Words = {
  help: `Cloister: a coding agent that cannot leak.

  cloister -p "…"             do a task in this project and exit
      --endpoint URL          any OpenAI-compatible server; without it, one on this machine is looked for
      --model NAME            without it, the server's first model
      --context N             the window to reckon with, in tokens; a server that has less is not worked with
      --max-turns N           stop after N answers of the model (100)
      --max-tokens N, --max-time SECONDS, --max-cost AMOUNT   further limits; the price is in the settings
      --json-schema FILE      the answer is JSON after this schema (a file, or the schema itself)
      --input-format F        text | stream-json: messages on stdin, a line each
      --allow 'TOOL(TEXT)'    a call that would need your word may happen in this run; repeatable
      --deny 'TOOL(TEXT)'     and this one may not: 'Bash(git push*)', 'Edit(.github/**)', Write
      --permission-mode M     default | acceptEdits | plan (only look) | dontAsk | bypass
      --permission-prompt-tool stdio   questions go out as lines, with both formats stream-json
      --output-format F       text | json | stream-json
      --label L               what this project is: public | internal | restricted | core (internal)
      --clearance L           what the endpoint may be shown (this machine: core; any other: public)
      --declassify FILE       an exact text that a person releases from its label; recorded (repeatable)
      --show PATH             let the session see a file that a rule hides, such as .env; repeatable
      --allow-host HOST       let pages and commands reach it: HOST, *.HOST, HOST:PORT; repeatable
      --cell none             run without confinement; it is shown, and recorded
      --review[=promote|discard|keep]   it writes beside the project; you look at all changes at the end
      --continue, -c | --resume ID, -r ID   go on with the latest session of this folder, or another (--fork-session: a copy)
      --session-id ID, --no-save, --worktree [NAME]   a name of its own; keep nothing; a git worktree beside your work
      --ledger DIR            where the record is kept (~/.cloister/ledger)
      further input is read from stdin; the endpoint's key from CLOISTER_API_KEY

  cloister sessions [list]    what was saved, encrypted, on this machine: show | rename | export | delete ID  [--all]
  cloister sessions rewind ID --to N   before message N again  [--files | --conversation] [--dry-run] [--force] [--yes]
  cloister worktrees list | remove NAME

  cloister quest "…"          requirements, design and tasks as files you approve, then worked off with a check each  [--yes]
  cloister quest [NAME]       go on with one, or list them
  cloister wiki               a wiki of this repository, written anew only for what changed  [--out DIR] [--check]

  cloister                    talk to it, at a terminal; takes most options of -p

  cloister tour               see it at work: no model, no network, half a minute  [--lang en|zh] [--keep]

  cloister ledger verify      prove, offline, that the record was not altered  [--ledger DIR] [--key KEY|FILE]
  cloister ledger exposure    which lines of which files were shown to which model  [--json] [--session ID]
  cloister ledger show        every entry  [--json]

  cloister mcp list|test NAME|remove NAME      tools of MCP servers, each in a cell of its own
  cloister mcp add NAME [--write] [--allow HOST] [--env NAME=VALUE] -- COMMAND…    or an address: https://…
  cloister mcp login NAME     lets you in where a server asks who you are (OAuth)

  cloister airlock            the same door for your other tools: sealed, recorded, mended tool calls
      --listen 127.0.0.1:PORT | --socket PATH   (8642; 0 takes a free port)
      --endpoint [NAME=][chat+|responses+|messages+]URL    repeatable
      --model NAME            for clients that ask for their vendor's models
      --setup                 prints the line each tool needs

  cloister cell -- COMMAND…   any command of yours in the agent's cell: no network, no home, this project only
      --read DIR, --write DIR, --hide PATH, --show PATH   repeatable; relative paths are the project's; show: what a rule hides
      --publish PORT[:PORT_HERE]   a server in the cell, for your own browser on 127.0.0.1 (repeatable)
      --allow HOST[:PORT]     a host it may reach; each connection is recorded (repeatable)
      --review                its changes are shown first, then promoted or thrown away
      --review=promote|discard|show, --promote-guarded  for scripts; guarded: git hooks, settings of editors and agents
      --observe FILE          what it read, wrote, started and connected to, as JSON lines (needs strace)
      --memory SIZE, --processes N, --timeout SECONDS, --unix inside, --workspace DIR, --tier none, --ledger DIR

  cloister cell review [list]   what sessions with --review left aside; show ID | promote ID | discard ID

  cloister cell doctor        what cell this machine can hold, and what would help  [--json]

  cloister permissions        which rules on calls are in force, and where they stand  [--json]
  cloister permissions why 'Bash(git push)'   which of them decides about a call

  cloister trust              what this project would run or redirect; allows it, exactly as shown  [--yes | --show | --forget]
  cloister plugin add FOLDER | list | remove NAME   skills, commands, subagents, hooks and servers from a folder, copied

  cloister scan PATH… | -     secrets and personal data in files; 0 none, 1 found, 2 trouble  [--json] [--rules FILE.toml] [--email]

  cloister rehearse SCRIPT    a model server that plays a script  [--port N]

Settings: ~/.cloister/settings.json  {"endpoint": URL, "model": NAME, "clearance": L, "label": L, "cell": {…}}
`,
  permissions: {
    mode: (mode) => `mode ${mode}`,
    none: "  no rules: what the cell bounds runs unasked, and the policy asks about the rest",
    outcomes: { allow: "allowed", ask: "asked; with nobody to ask, denied", deny: "denied" },
    by: (rule) => `by ${rule}`,
    flag: (flag) => `for one run: ${flag}`,
    passedOver: (rule, path, why) => `passed over: ${rule} in ${path}: ${why}`,
  },
  trust: {
    nothing: "There is nothing in this project that would run or redirect anything.",
    trusted: "You allowed all of this:",
    wouldRun: "This project would run or redirect the following. Nothing of it has run yet.",
    hasChanged:
      "This changed since you allowed it. Nothing of the project's own runs until you allow it again.",
    added: "(new)",
    removed: "(gone)",
    changed: "(changed)",
    losses: "Not taken over:",
    question: (count) => `Allow ${count}, exactly as shown? [y/N] `,
    allowed: (count) => `Allowed: ${count}. Any change of it will be asked about again.`,
    notAllowed: "Nothing was allowed. To allow it without being asked: cloister trust --yes",
    forgotten: "Forgotten. Nothing of this project's own runs any more.",
    plugin: {
      none: "There are no plugins. To add one: cloister plugin add FOLDER",
      added: (name, what) => `Added ${name}: ${what}`,
      removed: (name) => `Removed ${name}.`,
    },
  },
  quest: {
    none: 'There is no quest here. Begin one: cloister quest "what to build"',
    begins: (name, folder) => `Quest ${name}, in ${folder}`,
    writing: (document) => `Writing the ${document} …`,
    approve: (document, path) =>
      `The ${document} stand in ${path}. Enter y to approve, words to have it written anew, nothing to come back later:`,
    task: (number, of, title) => `Task ${number} of ${of}: ${title}`,
    checked: (command, passed) => `${passed ? "passed" : "FAILED"}: ${command}`,
    taskDone: (title) => `Done: ${title}`,
    done: (tasks) => `The quest is done: ${tasks} ${tasks === 1 ? "task" : "tasks"}, each checked.`,
    waits: (path, name) =>
      `Read and edit ${path}, then go on: cloister quest '${name}' (--yes approves without asking)`,
    stuck: (what, why, name) =>
      `Stopped at "${what}": ${why}\nWhat is done stays done. Go on: cloister quest '${name}'`,
  },
  wiki: {
    fresh: "Every page says what its files say now.",
    plan: (pages, changed) => `${pages} pages, ${changed} to be written`,
    page: (number, of, name) => `Page ${number} of ${of}: ${name}`,
    failed: (page, why, written) =>
      `Stopped at ${page}: ${why}\n${written} pages were written and stay. Go on: cloister wiki`,
    done: ({ written, removed, pages }, folder) =>
      `${pages} pages in ${folder}: ${written} written, ${removed} removed. Begin with ${folder}/README.md`,
  },
  doctor: {
    whole: "This machine can hold the whole cell.",
    lesser: (tier) => `This machine can hold a lesser cell: ${tier}.`,
    none: "No cell can be had here yet. Cloister refuses to run commands until there is one.",
    optional: "not required",
    places: {
      "github-actions":
        "GitHub Actions: on ubuntu-24.04 put the AppArmor profile below in place in a step before, with sudo; in a `container:` job add options: --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined.",
      gitlab:
        'GitLab, docker executor: in the runner\'s config.toml, under [runners.docker], security_opt = ["seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined"]; or use a shell executor.',
      kubernetes:
        "Kubernetes: give the pod hostUsers: false, seccompProfile type Unconfined, and procMount: Unmasked; or let the pod be the wall, without network, and say --tier none.",
      container:
        "In a container: run Cloister on the host, or start the container with --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined. That makes its own wall weaker.",
      ubuntu: `Ubuntu 24.04 and later keep ordinary users from user namespaces. As root, write this to /etc/apparmor.d/bwrap and run apparmor_parser -r /etc/apparmor.d/bwrap:
${apparmorProfile}`,
    },
  },
  tour: {
    title: "Cloister: a coding agent that cannot leak",
    rehearsal:
      "This is a rehearsal: a script plays the model's part, so no model is needed.\n" +
      "The agent, its cell, the airlock and the ledger are the real ones.",
    steps: {
      project: "A small project with a bug",
      failing: "Its tests fail",
      agent: "The agent at work, in a cell without a network",
      passing: "The tests pass",
      exposure: "What the model was shown",
      verified: "The record is verified, offline, with the public key alone",
      flipped: "Somebody changes one byte of the record",
    },
    lines: {
      prompt: "The tests fail. Find out why, mend it, and show that it works.",
      look: "I will run the tests first.",
      cart: "A discount in percent is used as a factor. Mending it, and rounding to whole cents as AGENTS.md asks.",
      settings: "The currency is not an ISO code. It stands right below a sealed key, which I leave alone.",
      steal: "Now what a poisoned model would do: send the file with the key away.",
      check: "And the tests again.",
      done: "Two faults mended: the discount is a percentage now, rounded to whole cents (src/cart.js), and the currency is EUR (config/shop.js). All four tests pass.",
    },
    project: (folder) => `a copy in ${folder}`,
    holds: (file) => `${file} holds a payment key (made up for this tour)`,
    denied: "There is no network in there. The kernel says so, not a setting.",
    sealed: (placeholder) => `In the place of the key, the model saw ${placeholder}.`,
    keyKept: "It edited the line below it; the key in the file is whole.",
    altered: (offset, from, to) => `in a copy of the log, byte ${offset}: ${from} becomes ${to}`,
    mended: "the line's checksum is mended as well, as somebody who knows the format would",
    done: (seconds) => `All of this took ${seconds} s. No connection left this machine.`,
    own: `Now with a model of your own. Start any OpenAI-compatible server, and say:

  export PATH="$PATH:$PWD/node_modules/.bin"
  cd your-project
  cloister -p "find and mend the failing test" --endpoint http://127.0.0.1:8080
  cloister

The last one opens a conversation. Without --endpoint, Cloister looks for Ollama, llama.cpp, vLLM, SGLang and LM Studio on this machine, and nowhere else.`,
    kept: (folder) => `Everything is still there to look at: ${folder}`,
  },
};
