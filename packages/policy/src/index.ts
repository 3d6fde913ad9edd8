export { builtInPolicy } from "./built-in.ts";
export { decideCall, decideFinding, strictestOf } from "./call.ts";
export type { CallDecision, CallFacts } from "./call.ts";
export {
  classify,
  describeClassification,
  integrities,
  isCleared,
  isTrusted,
  joinClassifications,
  lessTrusted,
} from "./classification.ts";
export type { Classification, Clearance, Integrity } from "./classification.ts";
export { effectOf } from "./effects.ts";
export type { CallText } from "./effects.ts";
export type { Problem } from "./field-reader.ts";
export { createIndexBuilder, decodeIndex, encodeIndex, matchIndex } from "./fingerprint-index.ts";
export type { FingerprintIndex, IndexBuilder } from "./fingerprint-index.ts";
export { compilePathGlob, compileTextGlob } from "./glob.ts";
export { isLabel, isWithin, join, labels } from "./labels.ts";
export type { Label } from "./labels.ts";
export { approvalHash, scriptsRunBy } from "./permissions/approval.ts";
export type { ApprovedCall } from "./permissions/approval.ts";
export { decidePermission, isRemoved, weighPermission } from "./permissions/decide.ts";
export type { PermissionDecision, PermissionFacts } from "./permissions/decide.ts";
export { parsePermissionMode, permissionModes, permitMode } from "./permissions/modes.ts";
export type { PermissionMode, PermittedMode } from "./permissions/modes.ts";
export type { Places } from "./permissions/places.ts";
export { forbidsReading } from "./permissions/reading.ts";
export type { ForbidsReading } from "./permissions/reading.ts";
export { noRules, parseRule } from "./permissions/rule.ts";
export type { ParsedRule, PermissionRule, PermissionRules } from "./permissions/rule.ts";
export { joinRules, parseRules } from "./permissions/rules.ts";
export type { RuleLists, RuleOrigin, RuleProblem } from "./permissions/rules.ts";
export { flagFor, suggestRules } from "./permissions/suggest.ts";
export { hostsOf } from "./planted/hosts.ts";
export { showUnseen } from "./planted/edit.ts";
export type { CodeFinding, FileEdit } from "./planted/edit.ts";
export { findPlanted } from "./planted/planted.ts";
export { parsePolicy } from "./parse-policy.ts";
export type { LineOf, ParsedPolicy } from "./parse-policy.ts";
export { classifyPath } from "./paths.ts";
export type {
  Ban,
  CodeFindingKind,
  CodeRule,
  Effect,
  EndpointRule,
  PathRule,
  Policy,
  RuleSource,
  SettingRule,
  SettingValue,
  ToolRule,
  Verdict,
} from "./policy.ts";
export { decideClient, decideRequest, isBanned, rateEndpoint } from "./request.ts";
export type { ClientFacts, EndpointFacts, EndpointRating, RequestDecision, RequestFacts } from "./request.ts";
export { policySchema } from "./schema.ts";
export { bindSetting, settingTypes } from "./settings.ts";
export type { BoundSetting } from "./settings.ts";
export { isSignedBy, signPolicy } from "./signature.ts";
