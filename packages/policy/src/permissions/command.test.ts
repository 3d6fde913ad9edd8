import { claim } from "../../test/permission-claims.ts";

claim("a redirection is an edit of its target", {
  rules: {
    allow: ["Bash(echo *)", "Edit(out/**)", "Edit(//tmp/ok/*)", "Edit(~/notes.md)"],
    deny: ["Edit(out/secret/**)", "Read(.env)"],
  },
  allow: [
    "echo a > out/b",
    "echo a >> ./out/b",
    "echo a > /proj/out/b",
    "echo a > /tmp/ok/x",
    "echo a > ~/notes.md",
    "echo a &> out/x",
    "echo a 2>&1 > out/x",
    "cd out && echo a",
  ],
  ask: [
    "echo a > b",
    "echo a > out/../b",
    "echo a > /tmp/x",
    "cd src && echo a > out/b",
    "echo a > out/*",
    "echo a > out/$x",
    "echo a > '~/notes.md'",
    "cd $x; echo a > out/b",
    "echo a >! out/b",
    "for f in a; do echo x; done > b",
  ],
  deny: [
    "echo a > out/secret/b",
    "ls; echo a > out/x/../secret/b",
    "cat < .env",
    "cat .env",
    "head -1 src/.env",
    "cat ./.ENV",
    "grep x .env",
    "cp .env a",
    "echo $(cat .env)",
    "echo a > .env",
    "cat 'out/../.env'",
    "while read x; do echo $x; done < .env",
    "base64 .env",
    "dd if=.env",
    "bash -c 'cat .env'",
    "sort < src/.env",
    "tee out/secret/a",
    "rm out/secret/a",
    "sed -i p out/secret/a",
    "cd src && cat .env",
    "cat *.ts .env",
    "echo $(<.env)",
    "source .env",
  ],
});

claim(
  "accepting edits accepts plain changes of files in the workspace, and not of those that steer other programs",
  {
    mode: "acceptEdits",
    allow: [
      "echo a > b",
      "mkdir -p a/b",
      "touch a",
      "rm a",
      "rm -f a b",
      "ls | tee a",
      "ls && echo a >> b",
      "cat <<'EOF' > a\nx\nEOF",
      "rmdir a",
    ],
    ask: [
      ...[
        "echo a > .git/hooks/x",
        "echo a > .vscode/tasks.json",
        "echo a > AGENTS.md",
        "touch .claude/settings.json",
        "echo a > /etc/x",
        "echo a > ../x",
        "rm -r a",
        "rm -rf .",
        "rm .",
        "tee .envrc",
        "mkdir .husky",
        "rm $x",
      ],
      ...[
        "cd .git && echo a > hooks/x",
        "npm test",
        "chmod +x a",
        "mv a b",
        "echo a > ~/.bashrc",
        "touch a; ./a",
        "touch -r x a",
        "rm *",
      ],
    ],
  },
);

claim("plan mode lets look and nothing else, whatever the rules allow", {
  mode: "plan",
  rules: { allow: ["Bash(npm test)", "Edit(out/**)", "Bash(git *)"] },
  allow: ["ls", "git log", "cat a | grep b", "ls 2>/dev/null"],
  deny: ["npm test", "echo a > out/b", "git push", "git commit", "$x"],
});

claim("bypassing questions bypasses no rule", {
  mode: "bypass",
  rules: { deny: ["Bash(rm *)", "Edit(secret/**)"], ask: ["Bash(git push *)"] },
  allow: ["npm test", "echo a > b", "curl x | tar x"],
  ask: ["git push", "ls 'a", "$x y"],
  deny: ["rm x", "echo a > secret/b", "bash -c 'rm x'"],
});

claim("attacks on command parsers of other agents are asked about", {
  rules: {
    allow: [
      "Bash(echo *)",
      "Bash(grep *)",
      "Bash(cat *)",
      "Bash(npm test)",
      "Bash(git log)",
      "Bash(git diff)",
      "Bash(sleep 2)",
    ],
  },
  allow: ["echo hi", "grep x notes.md", "cat notes.md", "npm test", "git log", "sleep 2"],
  ask: [
    ...[
      "echo hi && touch /tmp/mark",
      "echo hi; touch /tmp/mark",
      "echo hi || touch /tmp/mark",
      `grep x notes.md ;${" ".repeat(600)}touch /tmp/mark`,
      "cat notes.md | sh",
      "cat notes.md | bash -s",
    ],
    ...[
      "echo $(touch /tmp/mark)",
      "echo `touch /tmp/mark`",
      "grep${IFS}-r${IFS}x${IFS}.;touch${IFS}/tmp/mark",
      "echo x >| /tmp/out.txt",
      "echo x >! /tmp/out.txt",
      "git -c core.pager='touch m' log",
    ],
    ...[
      "git log --output=/tmp/mark",
      "git diff --ext-diff",
      "npm test --prefix /tmp/evil",
      "npm testx",
      "sleep 2; touch /tmp/mark",
      "sleep 2 & touch /tmp/mark",
      `echo ${"a".repeat(10_001)}`,
    ],
  ],
});
