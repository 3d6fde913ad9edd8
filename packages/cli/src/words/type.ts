import type { Surrounding } from "../environment.ts";

/** Everything the product says to a person in the tour and its help, in each language. */
export interface Words {
  readonly help: string;
  readonly tour: TourWords;
  readonly doctor: DoctorWords;
}

export interface DoctorWords {
  readonly whole: string;
  readonly lesser: (tier: string) => string;
  readonly none: string;
  readonly optional: string;
  /** What to do in each kind of place where a cell is often hard to have. */
  readonly places: Readonly<Record<Surrounding, string>>;
}

export interface TourWords {
  readonly title: string;
  readonly rehearsal: string;
  readonly steps: {
    readonly project: string;
    readonly failing: string;
    readonly agent: string;
    readonly passing: string;
    readonly exposure: string;
    readonly verified: string;
    readonly flipped: string;
  };
  /** What the script lets the model say. */
  readonly lines: {
    readonly prompt: string;
    readonly look: string;
    readonly cart: string;
    readonly settings: string;
    readonly steal: string;
    readonly check: string;
    readonly done: string;
  };
  readonly project: (folder: string) => string;
  readonly holds: (file: string) => string;
  readonly denied: string;
  readonly sealed: (placeholder: string) => string;
  readonly keyKept: string;
  readonly altered: (offset: number, from: string, to: string) => string;
  readonly mended: string;
  readonly done: (seconds: string) => string;
  readonly own: string;
  readonly kept: (folder: string) => string;
}
