import { apparmorProfile } from "./profile.ts";
import type { Words } from "./type.ts";

export const en: Words = {
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
      elsewhere: "(elsewhere: nothing is fetched)",
      added: (name, what) => `Added ${name}: ${what}`,
      replaced: (name, what) => `Replaced ${name}: ${what}`,
      removed: (name) => `Removed ${name}.`,
      part: (part, count) =>
        part === "lost"
          ? `${count} not taken over`
          : `${count} ${part === "server" ? "MCP server" : part}${count === 1 ? "" : "s"}`,
      nothing: "nothing",
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
    plan: (pages, changed) => `${pagesOf(pages)}, ${changed} to be written`,
    page: (number, of, name) => `Page ${number} of ${of}: ${name}`,
    failed: (page, why, written) =>
      `Stopped at ${page}: ${why}\n${pagesOf(written)} written, which ${written === 1 ? "stays" : "stay"}. Go on: cloister wiki`,
    done: ({ written, removed, pages }, folder) =>
      `${pagesOf(pages)} in ${folder}: ${written} written, ${removed} removed. Begin with ${folder}/README.md`,
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

function pagesOf(count: number): string {
  return `${count} ${count === 1 ? "page" : "pages"}`;
}
