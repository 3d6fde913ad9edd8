/** The files and messages that hold credentials. A container is given one marked value and its name. */

import type { Random } from "./random.ts";

export type Container = (name: string, value: string, random: Random) => string;

const camel = (name: string): string =>
  name.toLowerCase().replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
const dotted = (name: string): string => name.toLowerCase().replaceAll("_", ".");
const kebab = (name: string): string => name.toLowerCase().replaceAll("_", "-");
const pascal = (name: string): string => camel(name).replace(/^./, (letter) => letter.toUpperCase());

export const containers: Readonly<Record<string, Container>> = {
  env: (name, value, r) =>
    `# ${r.words(5)}\nNODE_ENV=production\nPORT=${3000 + r.number(900)}\n${name}=${value}\nLOG_LEVEL=info\n`,
  envQuoted: (name, value) => `export APP_NAME="billing"\nexport ${name}="${value}"\n`,
  yaml: (name, value, r) =>
    `server:\n  port: 8080\n  host: ${r.pick(["db1", "cache", "0.0.0.0"])}\napp:\n  ${kebab(name)}: ${value}\n  retries: 3\n`,
  yamlQuoted: (name, value) =>
    `# 生产环境配置\nspring:\n  config:\n    ${camel(name)}: '${value}'\n    enabled: true\n`,
  compose: (name, value) =>
    `services:\n  web:\n    image: nginx:1.27\n    environment:\n      - TZ=Asia/Shanghai\n      - ${name}=${value}\n    ports: ["80:80"]\n`,
  json: (name, value, r) =>
    `{\n  "version": "1.${r.number(9)}.0",\n  "${camel(name)}": "${value}",\n  "timeout": 3000\n}\n`,
  jsonInline: (name, value) => `{"env":"prod","${name.toLowerCase()}":"${value}","debug":false}`,
  python: (name, value, r) =>
    `import os\n\n# ${r.words(4)}\n${name} = "${value}"\n\ndef main():\n    connect(${name})\n`,
  pythonKeyword: (name, value) =>
    `client = Client(\n    host="10.0.0.5",\n    ${name.toLowerCase()}='${value}',\n    timeout=5,\n)\n`,
  go: (name, value) =>
    `package config\n\nconst (\n\tRegion = "cn-hangzhou"\n\t${camel(name)} = "${value}"\n)\n`,
  java: (name, value) =>
    `public class Config {\n    // 线上密钥，勿外传\n    private static final String ${name} = "${value}";\n    private int retries = 3;\n}\n`,
  typescript: (name, value) =>
    `export const config = {\n  region: "eu-west-1",\n  ${camel(name)}: "${value}",\n} as const;\n`,
  toml: (name, value) => `[server]\nport = 9000\n\n[auth]\n${name.toLowerCase()} = "${value}"\n`,
  terraform: (name, value) =>
    `variable "${name.toLowerCase()}" {\n  type    = string\n  default = "${value}"\n}\n\nresource "null_resource" "x" {}\n`,
  shell: (name, value) => `#!/bin/bash\nset -e\n${name}='${value}'\n./deploy.sh --env prod\n`,
  dockerfile: (name, value) => `FROM node:26-alpine\nENV ${name}=${value}\nRUN npm ci\nCMD ["node","."]\n`,
  ini: (name, value) => `[database]\nhost = db.internal\n${name.toLowerCase()} = ${value}\npool = 10\n`,
  xml: (name, value) =>
    `<?xml version="1.0"?>\n<config>\n  <host>db1</host>\n  <${camel(name)}>${value}</${camel(name)}>\n</config>\n`,
  xmlProperty: (name, value) =>
    `<bean id="ds">\n  <property name="${camel(name)}" value="${value}"/>\n</bean>\n`,
  properties: (name, value) =>
    `spring.application.name=pay\n${dotted(name)}=${value}\nlogging.level.root=INFO\n`,
  markdown: (name, value, r) => `# Setup\n\n${r.words(12)}:\n\n\`\`\`bash\nexport ${name}=${value}\n\`\`\`\n`,
  notebook: (name, value) =>
    JSON.stringify(
      { cells: [{ cell_type: "code", source: ["import os\n", `os.environ["${name}"] = "${value}"\n`] }] },
      null,
      1,
    ),
  har: (name, value) =>
    `{"log":{"entries":[{"request":{"method":"POST","headers":[{"name":"X-${kebab(name)}","value":"${value}"}]}}]}}`,
  log: (name, value, r) =>
    `2026-03-1${r.number(9)} 10:22:31 INFO  c.a.Boot - started in 3.1s\n2026-03-11 10:22:32 DEBUG c.a.Conf - ${camel(name)}=${value}, retries=3\n`,
  curlHeader: (name, value) =>
    `curl -s -X POST https://api.internal/v1/run -H "X-${pascal(name)}: ${value}" -d '{"a":1}'\n`,
  flag: (name, value) => `docker run --rm app serve --${kebab(name)}=${value} --verbose\n`,
  flagBlank: (name, value) => `./bin/tool login --${kebab(name)} ${value} --region cn-north-4\n`,
  diff: (name, value) =>
    `diff --git a/.env b/.env\nindex 83db48f..bf269f4 100644\n--- a/.env\n+++ b/.env\n@@ -1,2 +1,3 @@\n PORT=1\n+${name}=${value}\n`,
  csharp: (name, value) => `{\n  "AppSettings": {\n    "${pascal(name)}": "${value}"\n  }\n}\n`,
  php: (name, value) =>
    `<?php\nreturn [\n    'debug' => false,\n    '${name.toLowerCase()}' => '${value}',\n];\n`,
  define: (name, value) => `<?php\ndefine('${name}', '${value}');\n`,
  ruby: (name, value) => `Rails.application.configure do\n  config.${name.toLowerCase()} = '${value}'\nend\n`,
  workflow: (name, value) =>
    `jobs:\n  build:\n    runs-on: ubuntu-latest\n    env:\n      ${name}: "${value}"\n    steps:\n      - uses: actions/checkout@v4\n`,
  escaped: (name, value) => `{"body":"{\\"${camel(name)}\\":\\"${value}\\",\\"n\\":1}"}`,
  kubernetesEnv: (name, value) =>
    `      containers:\n        - name: app\n          env:\n            - name: ${name}\n              value: "${value}"\n`,
  makefile: (name, value) => `.PHONY: deploy\n${name} ?= ${value}\ndeploy:\n\t./deploy $(TARGET)\n`,
};
