import { apparmorProfile } from "./profile.ts";
import type { PluginPart, Words } from "./type.ts";

const documentNames = { requirements: "需求", design: "设计", tasks: "任务清单" } as const;

const pluginParts: Readonly<Record<PluginPart, string>> = {
  skill: "个技能",
  command: "个命令",
  subagent: "个子智能体",
  hook: "个钩子",
  server: "个 MCP 服务器",
  style: "个输出风格",
  lost: "项未采用",
};

export const zh: Words = {
  permissions: {
    mode: (mode) => `模式 ${mode}`,
    none: "  没有规则：隔间限定之内的操作直接执行，其余由策略询问",
    outcomes: { allow: "允许", ask: "需询问；无人可问时拒绝", deny: "拒绝" },
    by: (rule) => `依据 ${rule}`,
    flag: (flag) => `仅本次运行：${flag}`,
    passedOver: (rule, path, why) => `已跳过：${path} 中的 ${rule}：${why}`,
  },
  trust: {
    nothing: "此项目中没有任何会运行或重定向的内容。",
    trusted: "以下内容均已获您允许：",
    wouldRun: "此项目会运行或重定向以下内容。目前尚未运行其中任何一项。",
    hasChanged: "自您允许之后，以下内容有变。在您再次允许之前，项目自带的内容一概不会运行。",
    added: "（新增）",
    removed: "（已删除）",
    changed: "（已更改）",
    losses: "未采用：",
    question: (count) => `允许 ${count}，与所示完全一致？[y/N] `,
    allowed: (count) => `已允许：${count}。其中任何更改都会再次询问。`,
    notAllowed: "未允许任何内容。如需不经询问直接允许：cloister trust --yes",
    forgotten: "已撤销。此项目自带的内容不再运行。",
    plugin: {
      none: "没有插件。添加插件：cloister plugin add 文件夹",
      elsewhere: "（在别处：不会下载任何内容）",
      added: (name, what) => `已添加 ${name}：${what}`,
      replaced: (name, what) => `已替换 ${name}：${what}`,
      removed: (name) => `已移除 ${name}。`,
      part: (part, count) => `${count} ${pluginParts[part]}`,
      nothing: "无内容",
    },
  },
  quest: {
    none: '这里还没有任务书。新建一个：cloister quest "要做什么"',
    begins: (name, folder) => `任务书 ${name}，位于 ${folder}`,
    writing: (document) => `正在编写${documentNames[document]}……`,
    approve: (document, path) =>
      `${documentNames[document]}在 ${path}。输入 y 批准；输入意见则重写；直接回车则稍后再来：`,
    task: (number, of, title) => `任务 ${number}/${of}：${title}`,
    checked: (command, passed) => `${passed ? "通过" : "未通过"}：${command}`,
    taskDone: (title) => `完成：${title}`,
    done: (tasks) => `任务书已完成：${tasks} 个任务，逐一检查过。`,
    waits: (path, name) => `请阅读并修改 ${path}，然后继续：cloister quest '${name}'（--yes 表示不再询问）`,
    stuck: (what, why, name) => `停在“${what}”：${why}\n已完成的部分会保留。继续：cloister quest '${name}'`,
  },
  wiki: {
    fresh: "每一页都与其文件的现状一致。",
    plan: (pages, changed) => `共 ${pages} 页，需要编写 ${changed} 页`,
    page: (number, of, name) => `第 ${number}/${of} 页：${name}`,
    failed: (page, why, written) => `停在 ${page}：${why}\n已写好的 ${written} 页会保留。继续：cloister wiki`,
    done: ({ written, removed, pages }, folder) =>
      `${folder} 中共 ${pages} 页：新写 ${written} 页，移除 ${removed} 页。从 ${folder}/README.md 读起`,
  },
  doctor: {
    whole: "本机可以提供完整的隔离舱。",
    lesser: (tier) => `本机只能提供较弱的隔离舱:${tier}。`,
    none: "本机目前无法提供隔离舱。在此之前,Cloister 拒绝运行命令。",
    optional: "非必需",
    places: {
      "github-actions":
        "GitHub Actions:在 ubuntu-24.04 上,先用一个步骤(sudo)安装下面的 AppArmor 配置;在 `container:` 任务中加上 options: --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined。",
      gitlab:
        'GitLab docker 执行器:在 runner 的 config.toml 的 [runners.docker] 下设置 security_opt = ["seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined"];或改用 shell 执行器。',
      kubernetes:
        "Kubernetes:为 Pod 设置 hostUsers: false、seccompProfile 类型 Unconfined 和 procMount: Unmasked;或者让没有网络的 Pod 作为围墙,并使用 --tier none。",
      container:
        "在容器中:请在宿主机上运行 Cloister,或以 --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined 启动容器。这会削弱容器自身的围墙。",
      ubuntu: `Ubuntu 24.04 及以后的版本限制普通用户使用用户命名空间。请以 root 身份将以下内容写入 /etc/apparmor.d/bwrap,并运行 apparmor_parser -r /etc/apparmor.d/bwrap:
${apparmorProfile}`,
    },
  },
  tour: {
    title: "Cloister:不会泄密的编程智能体",
    rehearsal: "这是一次排演:由剧本扮演模型,所以不需要真实模型。\n智能体、隔离舱、气闸和账本都是真实运行的。",
    steps: {
      project: "一个有缺陷的小项目",
      failing: "测试失败",
      agent: "智能体在没有网络的隔离舱中工作",
      passing: "测试通过",
      exposure: "模型看到了什么",
      verified: "离线验证账本,只需公钥",
      flipped: "有人改动了账本中的一个字节",
    },
    lines: {
      prompt: "测试失败了。请找出原因并修复,并证明修复有效。",
      look: "我先运行测试。",
      cart: "折扣是百分数,却被当作系数使用。现在修正,并按 AGENTS.md 的要求取整到分。",
      settings: "货币不是 ISO 代码。它的上一行是一个被封存的密钥,我不去动它。",
      steal: "下面是被投毒的模型会做的事:把含有密钥的文件发送出去。",
      check: "再运行一次测试。",
      done: "修复了两处错误:折扣现在按百分比计算并取整到分(src/cart.js),货币改为 EUR(config/shop.js)。四项测试全部通过。",
    },
    project: (folder) => `副本位于 ${folder}`,
    holds: (file) => `${file} 中有一个支付密钥(为本演示虚构)`,
    denied: "隔离舱里没有网络。这由内核保证,而不是靠一个开关。",
    sealed: (placeholder) => `在密钥的位置,模型看到的是 ${placeholder}。`,
    keyKept: "模型修改了它下面的一行;文件中的密钥完好无损。",
    altered: (offset, from, to) => `在账本副本中,第 ${offset} 个字节:${from} 变为 ${to}`,
    mended: "再把该行的校验和也改对,就像熟悉格式的人会做的那样",
    done: (seconds) => `全程用时 ${seconds} 秒。没有任何连接离开本机。`,
    own: `现在换成您自己的模型。启动任何兼容 OpenAI 接口的服务器,然后运行:

  export PATH="$PATH:$PWD/node_modules/.bin"
  cd 您的项目
  cloister -p "找出并修复失败的测试" --endpoint http://127.0.0.1:8080
  cloister

最后一条打开对话界面。不指定 --endpoint 时,Cloister 只在本机寻找 Ollama、llama.cpp、vLLM、SGLang 和 LM Studio,绝不连接其他地方。`,
    kept: (folder) => `所有文件都保留在这里,可供查看:${folder}`,
  },
};
