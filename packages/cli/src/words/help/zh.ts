import type { HelpWords } from "./type.ts";

export const zh: HelpWords = {
  first: `Cloister：不会泄密的编程智能体。

  cloister                   在当前项目中与它对话
  cloister -p "…"            完成一项任务后退出；其余输入从标准输入读取
      --endpoint URL         模型所在的服务器；不指定时只在本机寻找
      --continue             继续此文件夹中最近的会话
      --permission-mode M    default | acceptEdits | plan | dontAsk | bypass
      --allow-host HOST      允许网页抓取和命令访问某个主机
      --review               改动生效之前先逐一查看

  cloister tour              半分钟演示：不需要模型
  cloister cell doctor       本机能提供怎样的隔离舱
  cloister sessions          已保存的会话：show、rewind、export、delete
  cloister ledger exposure   哪个模型看过什么；另有 verify、show
  cloister permissions       生效的规则及其所在文件
  cloister trust             此项目会运行什么，以及您的许可

  cloister help run          前两个命令的全部选项
  cloister help settings     ~/.cloister 里有什么
  cloister help 命令         以上任一命令，或下列之一：acp  airlock  cell  mcp
      plugin  policy  quest  rehearse  scan  wiki  worktrees
`,
  pages: {
    run: `cloister                    在终端中对话；以下多数选项同样适用
cloister -p "…"             在当前项目中完成一项任务后退出；其余输入从标准输入读取

模型
  --endpoint URL            任何兼容 OpenAI 接口的服务器；不指定时只在本机寻找；
                            密钥取自 CLOISTER_API_KEY。messages+URL：使用 Anthropic 的
                            Messages 接口；responses+URL：使用 OpenAI 的 Responses 接口
  --model NAME              不指定时使用服务器的第一个模型
  --fallback A,B            端点不可用时由谁应答：设置 "endpoints" 中的 NAME 或 NAME/MODEL
                            （--fallback-model 与此相同）
  --models A,B              与 -p 连用：各模型在各自的工作树中完成同一任务；--check "npm test"
                            用来判断谁的结果可用；NAME/MODEL 为设置中某端点的模型
  --context N               按多大的上下文窗口（词元）工作；服务器的窗口更小时不会开始

给它看什么
  提示中的 @FILE            一个文件、其中几行（@a.ts#L3-9）、PDF 或图片
  --image FILE              随提示一起给出的图片，也可在项目之外；可重复

可以做什么
  --permission-mode M       default | acceptEdits | plan（只看不改）| dontAsk | bypass
  --allow '工具(文本)'       本次运行中，原本需要您同意的调用可以执行；可重复
  --deny '工具(文本)'        这些调用不可执行：'Bash(git push*)'、'Edit(.github/**)'、Write
  --allow-host HOST         允许网页抓取和命令访问该主机：HOST、*.HOST、HOST:PORT；可重复
  --show PATH               让本次会话看到被规则隐藏的文件，例如 .env；可重复
  --review[=promote|discard|keep]   改动先写在项目之外，结束时逐一查看
  --cell none               不隔离运行；会明确显示并记录在案

可以给谁看
  --label L                 项目密级：public | internal | restricted | core（默认 internal）
  --clearance L             该服务器可见的最高密级（本机：core；其他：public）
  --declassify FILE         由人解除密级的原文；会记录；可重复
  --ledger DIR              账本目录（~/.cloister/ledger）

会话
  --continue, -c            继续此文件夹中最近的会话
  --resume ID, -r ID        继续另一个会话：编号、编号开头或名称
  --fork-session            继续其副本
  --session-id ID           自定会话编号
  --no-save                 除账本外什么都不保存
  --worktree [NAME]         在独立的 git worktree 中工作
  --full-screen             在终端中：全屏显示，而不用终端自身的滚动

直到达成
  --until "npm test"        与 -p 连用：持续工作，直到此命令（在隔离舱中运行）返回 0
  -p "/goal 目标"           没有命令时：直到模型以严格评审者的身份认定达成

上限
  --max-turns N             模型回答 N 次后停止（100）
  --max-tokens N, --max-time 秒, --max-cost 金额   更多上限；价格写在设置里

供程序使用
  --output-format F         text | json | stream-json
  --input-format F          text | stream-json：从标准输入逐行读消息
  --json-schema FILE        回答是符合此模式的 JSON（文件名，或模式本身）
  --permission-prompt-tool stdio   以行的形式提问，两种格式都须为 stream-json
  --print, -p; --version, -v; 为其他工具写的脚本会给出 --verbose，它不起作用
`,
    sessions: `保存在本机的加密会话。ID：编号、编号开头或名称。

  cloister sessions [list]            此文件夹的会话  [--all：所有文件夹] [--json]
  cloister sessions show ID           说过什么；为您的消息编号
  cloister sessions rename ID 名称
  cloister sessions export ID         [--format md|html|json] [--out FILE]
  cloister sessions delete ID
  cloister sessions rewind ID --to N  文件和对话回到第 N 条消息之前；先展示再询问
      --files | --conversation | --both   其中之一，或两者
      --dry-run                       只展示会改变什么
      --force                         您自己此后的改动也一并撤回
      --yes, -y                       不询问
`,
    worktrees: `--worktree 会话建立的 git worktree，位于 ~/.cloister/worktrees

  cloister worktrees [list]
  cloister worktrees remove 名称      [--force：即使有未提交的工作]
`,
    ledger: `哪个模型看过什么的记录：只增不改、有签名、可离线验证。

  cloister ledger exposure    哪些文件的哪些行给哪个模型看过  [--json] [--session ID]
  cloister ledger show        列出所有记录  [--json]
  cloister ledger verify      证明账本未被篡改  [--key KEY|FILE]
      --ledger DIR            不用 ~/.cloister/ledger，而用别处
`,
    cell: `cloister cell -- COMMAND…     在智能体的隔离舱中运行您自己的任何命令：没有网络，看不到主目录，只有当前项目

  --read DIR, --write DIR     在项目之外另行显示，只读或可写；可重复，以下几项亦然
  --hide PATH, --show PATH    在舱内不可读；虽有规则隐藏仍可读
  --allow HOST[:PORT]         允许访问的主机；每次连接都记录在案
  --publish PORT[:本机端口]   让本机浏览器经 127.0.0.1 访问隔离舱内的服务
  --unix inside               舱内程序之间可用 Unix 套接字通信
  --memory SIZE, --processes N, --timeout SECONDS   上限
  --workspace DIR             不用当前文件夹，而用别的项目
  --review[=promote|discard|show]   先展示改动，再决定采纳或丢弃
  --promote-guarded           也采纳会自行运行的内容：git 钩子、编辑器和智能体的设置
  --observe FILE              读了、写了、启动了、连接了什么，写成 JSON 行（需要 strace）
  --tier none                 完全不隔离；会明确显示并记录在案
  --ledger DIR                记录在哪个账本

cloister cell review [list]   --review 会话留下待定的改动：show ID | promote ID | discard ID
cloister cell doctor          本机能提供怎样的隔离舱，以及如何改善  [--json]
`,
    permissions: `生效的调用规则及其所在文件。

  cloister permissions [list]              [--json]
  cloister permissions why 'Bash(git push)'   由哪条规则决定某个调用
      --allow '工具(文本)', --deny '工具(文本)', --permission-mode M   假定运行时带有它们
`,
    trust: `此项目会运行或重定向什么。在您按所示内容逐字允许之前，一概不会运行。

  cloister trust              逐字节展示，然后询问
      --yes                   不经询问直接允许
      --show                  只展示，并说明哪些未采用
      --forget                撤销许可
`,
    plugin: `从本机复制技能、命令、子智能体、钩子和服务器；不会下载任何内容。

  cloister plugin add 来源
      文件夹                  按现状复制
      仓库#引用               git 仓库的分支、标签或提交
      BUNDLE 文件             由 git bundle 生成；也可写作 BUNDLE#引用
      …/插件@市场             该处 marketplace.json 所列的其中一个
  cloister plugin list        已有的插件
      来源                    它提供什么
  cloister plugin remove 名称
`,
    mcp: `MCP 服务器提供的工具，每个服务器各在自己的隔离舱中。

  cloister mcp [list]         所有服务器、其出处、可访问什么  [--json]
  cloister mcp add NAME -- COMMAND…    一个程序
  cloister mcp add NAME https://…      或一个地址
      --write                 可以修改项目
      --allow HOST, --read DIR, --env NAME=VALUE   可重复
      --type http|sse, --header 'NAME: VALUE', --private, --clearance L, --client-id ID   用于地址
      --timeout SECONDS       单次调用的时限
  cloister mcp test NAME      像会话那样启动，列出工具及其输出  [--ledger DIR]
  cloister mcp login NAME     登录需要身份的服务器（OAuth）
  cloister mcp logout NAME    忘记该登录
  cloister mcp remove NAME

  cloister mcp serve          经由标准输入输出，把我们的工具和智能体提供给其他程序
      --clearance L           该程序可以看到的级别（public）；以及任务的各选项
`,
    policy: `策略文件：什么可以给谁看，哪些调用可以执行。

  cloister policy check [FILE]     指出每处错误及其行号
  cloister policy show [FILE]      生效的内容  [--json]
  cloister policy explain [FILE]   如何决定，依据哪条规则  [--json]
      --file PATH, --endpoint URL, --client NAME/VERSION, --command LINE, --tool NAME   关于什么
      --date DAY, --untrusted      在某一天；在读过外人所写内容的会话中
      --policy FILE                指定文件的另一种写法
  cloister policy schema           供编辑器使用的 JSON Schema
  cloister policy sign FILE --key KEY.pem
  cloister policy fingerprint REPO --label L   以散列形式登记需要认出的代码
      --compartment NAME, --except DIR         可重复
      --name NAME, --out FILE
`,
    acp: `cloister acp                在支持 Agent Client Protocol 的编辑器中使用，经由标准输入输出

  可用任务的各选项（cloister help run）：--endpoint URL --model NAME …
  由编辑器启动；每个会话照常保存并记录在案
`,
    airlock: `cloister airlock            为其他工具提供同一道气闸：封存密钥、记录在案、修复工具调用

  --listen 127.0.0.1:PORT | --socket PATH   （8642；0 表示任选空闲端口）
  --endpoint [NAME=][chat+|responses+|messages+]URL    可重复
  --model NAME              供索要厂商模型名的客户端使用
  --setup                   打印各工具所需的一行配置
  --label L, --clearance L, --declassify FILE, --allow '工具(文本)', --deny '工具(文本)', --ledger DIR
                            与任务的选项相同：cloister help run
`,
    quest: `cloister quest "…"          先把需求、设计和任务写成文件由您批准，再逐项完成并检查
cloister quest [名称]       继续某个任务书，或列出全部

  --yes                     不经阅读批准每份文件
  以及任务的各个选项：cloister help run
`,
    wiki: `cloister wiki               为本仓库编写维基，只重写有变化的页

  --out DIR                 写到何处，相对当前文件夹（.cloister/wiki）
  --check                   只说明哪些页已过时；有过时的页时退出码为 1
  以及任务的各个选项：cloister help run
`,
    scan: `cloister scan PATH… | -     查找文件或标准输入中的密钥和个人信息

  --json                    每行一个 JSON 对象
  --rules FILE.toml         在内置规则之外使用自己的规则
  --email                   也查找电子邮件地址
  退出码 0：未发现；1：有发现；2：出错
`,
    tour: `cloister tour               半分钟演示：不需要模型，不需要网络

  --lang en|zh              不指定时使用系统语言
  --keep                    保留其文件夹，可供查看
`,
    rehearse: `cloister rehearse SCRIPT    按剧本应答的模型服务器，供没有模型时试用

  --port N                  （0：任选空闲端口）
`,
    settings: `~/.cloister/settings.json    您对所有会话的设置；项目无法更改其中任何一项

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

"language" 是模型回答所用的语言；terminal.language 是界面语言。

同一文件夹中还有 keys.json（界面按键）、themes/NAME.json（界面配色）、mcp.json（服务器；cloister mcp）、permissions.yaml（您总是允许的操作）、
trust.json（您信任的项目），以及您自己的说明、技能、命令和子智能体。
`,
  },
};
