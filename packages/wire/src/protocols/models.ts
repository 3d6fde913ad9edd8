/** The list of models, in the shapes of GET /v1/models that clients know. */
import type { JsonObject } from "@cloister/base";

export interface ListedModel {
  readonly id: string;
  /** For people; the id where there is none. */
  readonly displayName?: string;
  /** Seconds since the Unix epoch. */
  readonly created: number;
  readonly ownedBy: string;
}

export function writeModels(models: readonly ListedModel[], shape: "openai" | "anthropic"): JsonObject {
  switch (shape) {
    case "openai":
      return {
        object: "list",
        data: models.map(({ id, created, ownedBy }) => ({ id, object: "model", created, owned_by: ownedBy })),
      };
    case "anthropic":
      return {
        data: models.map(({ id, displayName, created }) => ({
          type: "model",
          id,
          display_name: displayName ?? id,
          // RFC 3339 without fractions, as their API reference has it.
          created_at: new Date(Math.floor(created) * 1000).toISOString().replace(".000Z", "Z"),
        })),
        // The whole list is always one page.
        has_more: false,
        first_id: models[0]?.id ?? null,
        last_id: models.at(-1)?.id ?? null,
      };
  }
}
