/** What other agents call the tools. */
const names: Readonly<Record<string, string>> = {
  run_shell_command: "Bash",
  shell: "Bash",
  bash: "Bash",
  read_file: "Read",
  read_many_files: "Read",
  read: "Read",
  write_file: "Write",
  write: "Write",
  edit: "Edit",
  replace: "Edit",
  grep: "Grep",
  grep_search: "Grep",
  search_file_content: "Grep",
  glob: "Glob",
  list_directory: "LS",
  list: "LS",
  web_fetch: "WebFetch",
  webfetch: "WebFetch",
  todo_write: "TodoWrite",
  todowrite: "TodoWrite",
  task: "Task",
  agent: "Task",
  Agent: "Task",
  skill: "Skill",
};

/** Our name for a tool of Qwen Code, Gemini CLI or opencode; another name stays as it is. */
export function toToolName(name: string): string {
  return Object.hasOwn(names, name) ? (names[name] ?? name) : name;
}

/** The names in a rule or a matcher, whatever stands around them. Only those with a `_` are safe to find in an expression. */
export function toOwnNames(text: string): string {
  return text.replaceAll(/(?<![\w-])[a-z]+(?:_[a-z]+)+(?![\w-])/gu, (name) => toToolName(name));
}
