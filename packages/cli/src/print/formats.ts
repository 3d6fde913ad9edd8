/** The output formats by their names. */
import type { Tier } from "@cloister/cell";
import type { OutputFormat } from "../run-arguments.ts";
import type { ChosenEndpoint } from "../endpoint.ts";
import type { Environment } from "../environment.ts";
import type { Printer } from "./printer.ts";
import { createStreamJson, toResult } from "./stream-json.ts";
import { createTextPrinter } from "./text.ts";

export function createPrinter(
  format: OutputFormat,
  environment: Environment,
  chosen: ChosenEndpoint,
  tier: Tier,
  isConversation = false,
  session?: string,
): Printer {
  const write = (line: string): void => void environment.stdout.write(line);
  switch (format) {
    case "text":
      return createTextPrinter(environment);
    case "json": {
      const started = environment.clock.now();
      return {
        event: () => {
          /* only the result is printed */
        },
        end: (outcome) => {
          const result = toResult(outcome, environment.clock.now() - started);
          write(`${JSON.stringify({ ...result, session_id: outcome.session })}\n`);
        },
      };
    }
    case "stream-json":
      return createStreamJson({ write, environment, chosen, tier, isConversation, session });
  }
}
