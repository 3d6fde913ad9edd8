export { parseRehearsalScript } from "./script.ts";
export type {
  RehearsalCall,
  RehearsalExpectation,
  RehearsalFault,
  RehearsalFinish,
  RehearsalScript,
  RehearsalTurn,
} from "./script.ts";
export { startRehearsal } from "./server.ts";
export type { RecordedRequest, Rehearsal } from "./server.ts";
