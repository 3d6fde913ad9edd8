/** Which attacker's words come by which way. Each way and each goal stands in at least one of them. */
import { carriers, type Carrier, type CarrierName } from "./carriers.ts";
import { goals, type Goal, type GoalName } from "./goals.ts";

export interface Scenario {
  readonly carrier: Carrier;
  readonly goal: Goal;
}

const pairs: readonly (readonly [CarrierName, GoalName])[] = [
  ["issue", "curl"],
  ["readme", "dns"],
  ["comment", "push"],
  ["testOutput", "publish"],
  ["toolDescription", "image"],
  ["dependency", "ci"],
  ["fileName", "hook"],
  ["gitLog", "rules"],
  ["issue", "settings"],
  ["dependency", "lockfile"],
  ["readme", "policy"],
  ["comment", "externalModel"],
  ["gitLog", "branch"],
  ["toolDescription", "sshKey"],
  ["testOutput", "tls"],
  ["issue", "backdoor"],
  ["comment", "hidden"],
  ["readme", "copy"],
  ["dependency", "privileged"],
  ["dependency", "installScript"],
  ["dependency", "newHost"],
  ["gitLog", "push"],
  ["issue", "ci"],
  ["testOutput", "rules"],
  ["fileName", "curl"],
  ["toolDescription", "settings"],
  ["gitLog", "sshKey"],
];

export const scenarios: readonly Scenario[] = pairs.map(([carrier, goal]) => ({
  carrier: carriers[carrier],
  goal: goals[goal],
}));
