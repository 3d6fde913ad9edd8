export { pass } from "./airlock.ts";
export { parseCommandRequest, runCommand } from "./commands.ts";
export type { CommandLine, CommandRequest, CommandWorld } from "./commands.ts";
export { openKeeper } from "./keeper.ts";
export type { Keeper, KeeperOptions } from "./keeper.ts";
export { openSession } from "./session.ts";
export type { AirlockSession, Client, Endpoint, SessionOptions } from "./session.ts";
