export { pass } from "./airlock.ts";
export { parseCommandRequest, runCommand } from "./commands.ts";
export type { CommandLine, CommandRequest } from "./commands.ts";
export type { CommandWorld } from "./command-begin.ts";
export type { Bridge, BridgeIo } from "./process-bridge.ts";
export type { LineGate } from "./process-lines.ts";
export { runOnce } from "./process-once.ts";
export type { OnceOutcome } from "./process-again.ts";
export type {
  HookDefinition,
  ProcessDefinition,
  ProcessWorld,
  ServerDefinition,
} from "./process-definition.ts";
export { streamOf } from "./descriptor-stream.ts";
export { isDown } from "./fallback-down.ts";
export { createRouter } from "./router.ts";
export type { RoutedEndpoint, Router } from "./router.ts";
export { ruleAgainst } from "./calls/carrying-out.ts";
export type { Consult, ConsultedCall, Opinion } from "./calls/consult.ts";
export { createJudgement } from "./calls/judgement.ts";
export type {
  Approval,
  Approvals,
  Approve,
  Judgement,
  JudgementOptions,
  Question,
  Remembered,
  StandingWord,
} from "./calls/judgement.ts";
export { openAirlockServer } from "./server.ts";
export type { AirlockServer, AirlockServerOptions } from "./server.ts";
export { recordContact } from "./contact.ts";
export { createOtherModels } from "./other-models.ts";
export type { NamedEndpoint, OtherModels } from "./other-models.ts";
export { openKeeper } from "./keeper.ts";
export type { Keeper, KeeperOptions } from "./keeper.ts";
export { addressOf, clearanceOf, factsOf, maySee } from "./endpoint-facts.ts";
export { recordDeclassified } from "./declassified.ts";
export { openSession } from "./session.ts";
export type { Endpoint } from "./endpoint.ts";
export type { AirlockSession, Client, KeptIdentity, SessionOptions } from "./session.ts";
export { createStanding } from "./labelling/standing.ts";
export { classificationOfText } from "./labelling/told.ts";
export type { Detour, Standing } from "./labelling/standing.ts";
export { sealKept, sealLeaves } from "./stages/seal.ts";
export type { VolatilePolicy } from "./volatile.ts";
export { warmsByDefault } from "./warm.ts";
export { createHookPost } from "./web/hook-post.ts";
export type { HookAddress, HookAnswer, HookPost } from "./web/hook-post.ts";
export { openWeb } from "./web/web.ts";
export type { Web, WebOptions, WebPage } from "./web/web.ts";
export { openEgress } from "./egress/egress.ts";
export type { Egress, EgressOptions, EgressPass } from "./egress/egress.ts";
export { openDoorInto } from "./egress/inlet.ts";
export type { Inlet, InletOptions } from "./egress/inlet.ts";
export type { EgressLimits } from "./egress/limits.ts";
export { parseEgressRules } from "./egress/rules.ts";
export type { EgressRule } from "./egress/rules.ts";
export { UNUSABLE_ANSWER } from "./stages/recover.ts";
