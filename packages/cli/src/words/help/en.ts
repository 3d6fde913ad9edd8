import type { HelpWords } from "./type.ts";

export const en: HelpWords = {
  first: `Cloister: a coding agent that cannot leak.

  cloister                   talk to it, in the project you are in
  cloister -p "…"            do one task and exit; more input on stdin
      --endpoint URL         its model; without it, a server on this machine
      --continue             go on with the latest session of this folder
      --permission-mode M    default | acceptEdits | plan | dontAsk | bypass
      --allow-host HOST      let pages and commands reach a host
      --review               see all changes before any is made

  cloister tour              see it at work: no model needed, half a minute
  cloister cell doctor       what cell this machine can hold
  cloister sessions          what was saved: show, rewind, export, delete
  cloister ledger exposure   what was shown to which model; verify, show
  cloister permissions       the rules in force, and where they stand
  cloister trust             what this project would run, and your word for it

  cloister help run          every option of the first two
  cloister help settings     what stands in ~/.cloister
  cloister help COMMAND      one of the above, or one of these: acp  airlock
      cell  mcp  plugin  policy  quest  rehearse  scan  wiki  worktrees
`,
  pages: {
    run: `cloister                    talk to it at a terminal; takes most of these options
cloister -p "…"             do a task in this project and exit; further input is read from stdin

The model
  --endpoint URL            any OpenAI-compatible server; without it, one on this machine is looked for;
                            its key is taken from CLOISTER_API_KEY. messages+URL: it speaks Anthropic's
                            Messages; responses+URL: OpenAI's Responses
  --model NAME              without it, the server's first model
  --fallback A,B            who answers when it is down: NAME or NAME/MODEL of "endpoints" in the settings
                            (--fallback-model is the same)
  --models A,B              with -p: the task for each of them, in worktrees beside each other; --check "npm test"
                            says whose work is good; NAME/MODEL is one of an endpoint in the settings
  --context N               the window to reckon with, in tokens; a server that has less is not worked with

What it is shown
  @FILE in the prompt       a file, lines of it (@a.ts#L3-9), a PDF, or a picture
  --image FILE              a picture that goes with the prompt, also from elsewhere; repeatable

What it may do
  --permission-mode M       default | acceptEdits | plan (only look) | dontAsk | bypass
  --allow 'TOOL(TEXT)'      a call that would need your word may happen in this run; repeatable
  --deny 'TOOL(TEXT)'       and this one may not: 'Bash(git push*)', 'Edit(.github/**)', Write
  --allow-host HOST         let pages and commands reach it: HOST, *.HOST, HOST:PORT; repeatable
  --show PATH               let the session see a file that a rule hides, such as .env; repeatable
  --review[=promote|discard|keep]   it writes beside the project; you look at all changes at the end
  --cell none               run without confinement; it is shown, and recorded

What it may show
  --label L                 what this project is: public | internal | restricted | core (internal)
  --clearance L             what the endpoint may be shown (this machine: core; any other: public)
  --declassify FILE         an exact text that a person releases from its label; recorded (repeatable)
  --ledger DIR              where the record is kept (~/.cloister/ledger)

Sessions
  --continue, -c            go on with the latest session of this folder
  --resume ID, -r ID        or with another: an id, the start of one, or a name
  --fork-session            go on with a copy of it
  --session-id ID           an id of your choice
  --no-save                 keep nothing but the ledger
  --worktree [NAME]         in a git worktree beside your own work
  --full-screen             at a terminal: a screen of its own instead of the terminal's scroll

Until it is reached
  --until "npm test"        with -p: it goes on until this command, run in a cell, ends with 0
  -p "/goal TEXT"           without a command: until the model, as a strict reviewer, finds it reached

Limits
  --max-turns N             stop after N answers of the model (100)
  --max-tokens N, --max-time SECONDS, --max-cost AMOUNT   further ones; the price is in the settings

For programs
  --output-format F         text | json | stream-json
  --input-format F          text | stream-json: messages on stdin, a line each
  --json-schema FILE        the answer is JSON after this schema (a file, or the schema itself)
  --permission-prompt-tool stdio   questions go out as lines, with both formats stream-json
  --print, -p; --version, -v; --verbose, which scripts written for others give, changes nothing
`,
    sessions: `What was saved on this machine, encrypted. ID: an id, the start of one, or a name.

  cloister sessions [list]            of this folder  [--all: of every folder] [--json]
  cloister sessions show ID           what was said; numbers your messages
  cloister sessions rename ID NAME
  cloister sessions export ID         [--format md|html|json] [--out FILE]
  cloister sessions delete ID
  cloister sessions rewind ID --to N  files and conversation as before message N; shows, then asks
      --files | --conversation | --both   one of the two, or both
      --dry-run                       only shows what would change
      --force                         also takes back what you changed yourself since
      --yes, -y                       does not ask
`,
    worktrees: `Git worktrees that sessions with --worktree made, below ~/.cloister/worktrees

  cloister worktrees [list]
  cloister worktrees remove NAME      [--force: also with work that is not committed]
`,
    ledger: `The record of what was shown to which model: append-only, signed, verified offline.

  cloister ledger exposure    which lines of which files were shown to which model  [--json] [--session ID]
  cloister ledger show        every entry  [--json]
  cloister ledger verify      prove that the record was not altered  [--key KEY|FILE]
      --ledger DIR            another place than ~/.cloister/ledger
`,
    cell: `cloister cell -- COMMAND…     any command of yours in the agent's cell: no network, no home, this project only

  --read DIR, --write DIR     shown besides the project, read-only or writable; repeatable, as the next ones
  --hide PATH, --show PATH    cannot be read inside; can be read, although a rule hides it
  --allow HOST[:PORT]         a host it may reach; each connection is recorded
  --publish PORT[:PORT_HERE]  a server in the cell, for your own browser on 127.0.0.1
  --unix inside               programs inside may talk to each other by Unix sockets
  --memory SIZE, --processes N, --timeout SECONDS   limits
  --workspace DIR             another project than the folder you are in
  --review[=promote|discard|show]   its changes are shown first, then promoted or thrown away
  --promote-guarded           also what would run by itself: git hooks, settings of editors and agents
  --observe FILE              what it read, wrote, started and connected to, as JSON lines (needs strace)
  --tier none                 no cell at all; it is shown, and recorded
  --ledger DIR                where the run is recorded

cloister cell review [list]   what sessions with --review left aside: show ID | promote ID | discard ID
cloister cell doctor          what cell this machine can hold, and what would help  [--json]
`,
    permissions: `Which rules on calls are in force, and where they stand.

  cloister permissions [list]              [--json]
  cloister permissions why 'Bash(git push)'   which of them decides about a call
      --allow 'TOOL(TEXT)', --deny 'TOOL(TEXT)', --permission-mode M   as if a run had them
`,
    trust: `What this project would run or redirect. Nothing of it runs before you allowed it, exactly as shown.

  cloister trust              shows every byte of it, and asks
      --yes                   allows it without asking
      --show                  only shows, and what is not taken over
      --forget                takes your word back
`,
    plugin: `Skills, commands, subagents, hooks and servers, copied from this machine; nothing is fetched.

  cloister plugin add SOURCE
      FOLDER                  as it stands
      REPOSITORY#REF          a branch, a tag or a commit of a git repository
      BUNDLE                  a file that git bundle made; also BUNDLE#REF
      …/PLUGIN@MARKETPLACE    one of several that a marketplace.json there offers
  cloister plugin list        those that are there
      SOURCE                  what it offers
  cloister plugin remove NAME
`,
    mcp: `Tools of MCP servers, each in a cell of its own.

  cloister mcp [list]         every server, where it comes from, what it may reach  [--json]
  cloister mcp add NAME -- COMMAND…    a program
  cloister mcp add NAME https://…      or an address
      --write                 it may change the project
      --allow HOST, --read DIR, --env NAME=VALUE   repeatable
      --type http|sse, --header 'NAME: VALUE', --private, --clearance L, --client-id ID   for addresses
      --timeout SECONDS       for one call
  cloister mcp test NAME      starts it as a session would, shows its tools and what it prints  [--ledger DIR]
  cloister mcp login NAME     lets you in where a server asks who you are (OAuth)
  cloister mcp logout NAME    forgets that
  cloister mcp remove NAME

  cloister mcp serve          our tools, and our agent, for another program's, on stdin and stdout
      --clearance L           what that program may be shown (public); and the options of a task
`,
    policy: `The policy file: what may be shown to whom, and which calls happen.

  cloister policy check [FILE]     every fault, with its line
  cloister policy show [FILE]      what is in force  [--json]
  cloister policy explain [FILE]   what it decides, and by which rule  [--json]
      --file PATH, --endpoint URL, --client NAME/VERSION, --command LINE, --tool NAME   about what
      --date DAY, --untrusted      on that day; in a session that read what strangers wrote
      --policy FILE                another way to name it
  cloister policy schema           its JSON Schema, for editors
  cloister policy sign FILE --key KEY.pem
  cloister policy fingerprint REPO --label L   code that is to be known again, as hashes
      --compartment NAME, --except DIR         repeatable
      --name NAME, --out FILE
`,
    acp: `cloister acp                the agent in an editor that speaks the Agent Client Protocol, on stdin and stdout

  takes the options of a task (cloister help run): --endpoint URL --model NAME …
  the editor starts it; each of its sessions is saved, and recorded, like any other
`,
    airlock: `cloister airlock            the same door for your other tools: sealed, recorded, mended tool calls

  --listen 127.0.0.1:PORT | --socket PATH   (8642; 0 takes a free port)
  --endpoint [NAME=][chat+|responses+|messages+]URL    repeatable
  --model NAME              for clients that ask for their vendor's models
  --setup                   prints the line each tool needs
  --label L, --clearance L, --declassify FILE, --allow 'TOOL(TEXT)', --deny 'TOOL(TEXT)', --ledger DIR
                            as for a task: cloister help run
`,
    quest: `cloister quest "…"          requirements, design and tasks as files you approve, then worked off with a check each
cloister quest [NAME]       go on with one, or list them

  --yes                     approves each document unread
  and the options of a task: cloister help run
`,
    wiki: `cloister wiki               a wiki of this repository, written anew only for what changed

  --out DIR                 where, from this folder (.cloister/wiki)
  --check                   only says which pages are out of date; exit code 1 if any is
  and the options of a task: cloister help run
`,
    scan: `cloister scan PATH… | -     secrets and personal data in files, or in what stdin brings

  --json                    one JSON object a line
  --rules FILE.toml         rules of your own beside ours
  --email                   e-mail addresses as well
  exit code 0: none, 1: found, 2: trouble
`,
    tour: `cloister tour               see it at work: no model, no network, half a minute

  --lang en|zh              without it, your locale's
  --keep                    keeps its folder, to look around in
`,
    rehearse: `cloister rehearse SCRIPT    a model server that plays a script, for trying things out without a model

  --port N                  (0: a free one)
`,
    settings: `~/.cloister/settings.json    yours, for all sessions; a project cannot change any of it

  {
    "endpoint": "http://127.0.0.1:8080", "model": NAME, "clearance": L, "label": L,
    "contextTokens": N, "timeoutSeconds": N, "vision": true, "warmUp": true, "lsp": false, "volatile": "freeze",
    "language": "Japanese",
    "endpoints": {NAME: {"url": URL, "models": [M…], "clearance": L, "keyVariable": VARIABLE, "price": {…}}},
    "fallbacks": [NAME…],
    "price": {"prompt": 1, "cached": 0.1, "completion": 4},
    "permissions": {"defaultMode": M, "deny": […], "ask": […], "allow": […], "askFor": "all"},
    "cell": {"allow": [HOST…], "read": [DIR…], "write": [DIR…], "hide": [PATH…], "show": [PATH…], …},
    "network": {"proxy": URL, "noProxy": [HOST…], "extraCa": FILE, …},
    "sessions": {"keepDays": 30},
    "terminal": {"theme": "auto", "language": "auto", "vim": false, "notify": "bell", "fullScreen": false, "mouse": true,
                 "statusLine": {"command": …}}
  }

"language" is the one the model answers in; terminal.language is the screen's.

Beside it: keys.json (keys of the screen), themes/NAME.json (its colours), mcp.json (servers; cloister mcp), permissions.yaml (what you always allow),
trust.json (projects you trust), and the instructions, skills, commands and subagents that are yours.
`,
  },
};
