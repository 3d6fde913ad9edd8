export { pass } from "./airlock.ts";
export { parseCommandRequest, runCommand } from "./commands.ts";
export type { CommandLine, CommandRequest, CommandWorld } from "./commands.ts";
export { streamOf } from "./descriptor-stream.ts";
export { createRouter } from "./router.ts";
export type { RoutedEndpoint, Router } from "./router.ts";
export { createJudgement } from "./calls/judgement.ts";
export type {
  Approval,
  Approvals,
  Approve,
  Judgement,
  JudgementOptions,
  Question,
} from "./calls/judgement.ts";
export { openAirlockServer } from "./server.ts";
export type { AirlockServer, AirlockServerOptions } from "./server.ts";
export { recordContact } from "./contact.ts";
export { openKeeper } from "./keeper.ts";
export type { Keeper, KeeperOptions } from "./keeper.ts";
export { addressOf, clearanceOf, maySee } from "./endpoint-facts.ts";
export { recordDeclassified } from "./declassified.ts";
export { openSession } from "./session.ts";
export type { Endpoint } from "./endpoint.ts";
export type { AirlockSession, Client, SessionOptions } from "./session.ts";
export type { VolatilePolicy } from "./volatile.ts";
export { warmsByDefault } from "./warm.ts";
export { openEgress } from "./egress/egress.ts";
export type { Egress, EgressOptions, EgressPass } from "./egress/egress.ts";
export { openDoorInto } from "./egress/inlet.ts";
export type { Inlet, InletOptions } from "./egress/inlet.ts";
export type { EgressLimits } from "./egress/limits.ts";
export { parseEgressRules } from "./egress/rules.ts";
export type { EgressRule } from "./egress/rules.ts";
