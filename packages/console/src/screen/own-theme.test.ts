import assert from "node:assert/strict";
import { test } from "node:test";
import { readOwnTheme } from "./own-theme.ts";
import { builtInLooks, createTheme } from "./theme.ts";

test("a theme changes what it names, keeps the marks of a role, and is its base in all else", () => {
  const { theme, problems } = readOwnTheme("mine", {
    base: "light",
    ground: "#fff",
    colours: {
      accent: "#036",
      heading: "#003366",
      code: { colour: "#804000", on: "#ffffee", marks: ["bold", "underlined"] },
    },
  });
  assert.deepEqual(problems, []);
  const own = createTheme(theme, 24);
  const base = createTheme("light", 24);
  assert.equal(own.accent, "38;2;0;51;102");
  assert.equal(own.heading, "1;38;2;0;51;102");
  assert.equal(own.code, "1;4;38;2;128;64;0;48;2;255;255;238");
  const changed = new Set(["accent", "heading", "code"]);
  for (const [role, sgr] of Object.entries(base)) {
    if (!changed.has(role)) assert.equal(own[role as keyof typeof own], sgr, role);
  }
  assert.equal(createTheme(theme, 0).accent, "");
});

test("each fault is named with what would be right, and the rest holds", () => {
  const { theme, problems } = readOwnTheme("mine", {
    base: "pink",
    ground: "white",
    colors: {},
    colours: {
      accent: "#88c0d0",
      shine: "#fff",
      code: "red",
      link: { marks: ["loud"] },
      quote: { ink: "#fff" },
    },
  });
  assert.deepEqual(Object.keys(theme.looks), ["accent"]);
  const expected = [
    /"base" must be one of dark, light, contrast/,
    /no "colors"; there are base, ground, colours/,
    /"ground" must be a colour such as/,
    /no role "shine"; there are text, dim/,
    /"code" must be a colour/,
    /"link" must be a colour/,
    /"quote" must be a colour/,
  ];
  assert.equal(problems.length, expected.length, problems.join("\n"));
  for (const [index, pattern] of expected.entries()) assert.match(problems[index] ?? "", pattern);
});

test("what is no theme at all is its base", () => {
  for (const value of [[], "dark", 3, null, { colours: [] }]) {
    const { theme, problems } = readOwnTheme("mine", value);
    assert.deepEqual(createTheme(theme, 24), createTheme("dark", 24));
    assert.equal(problems.length, 1);
  }
});

test("names of objects' own are no roles", () => {
  const { theme, problems } = readOwnTheme("mine", {
    colours: JSON.parse('{"__proto__": "#fff", "toString": "#fff"}'),
  });
  assert.deepEqual([Object.keys(theme.looks), problems.length], [[], 2]);
});

test("what is hard to see is said with its contrast; what warns is never hidden", () => {
  const { theme, problems } = readOwnTheme("mine", {
    ground: "#000000",
    colours: {
      dim: "#222222",
      labelHigh: "#111111",
      bad: "#ff0000",
      warning: { colour: "#eee", on: "#ddd" },
    },
  });
  assert.match(problems[0] ?? "", /"dim" has a contrast of 1\.\d, and should have 3$/);
  assert.match(problems[1] ?? "", /"labelHigh".*it warns, and stays as it was/);
  assert.match(problems[2] ?? "", /"warning"/);
  assert.deepEqual(Object.keys(theme.looks), ["dim", "bad"]);
  assert.equal(createTheme(theme, 24).labelHigh, createTheme("dark", 24).labelHigh);
});

test("our own themes pass what others are held to", () => {
  const hex = (rgb: readonly number[]): string =>
    `#${rgb.map((each) => each.toString(16).padStart(2, "0")).join("")}`;
  for (const [base, looks] of Object.entries(builtInLooks)) {
    const colours = Object.fromEntries(
      Object.entries(looks).flatMap(([role, { colour, on }]) =>
        colour === undefined
          ? []
          : [[role, { colour: hex(colour), ...(on === undefined ? {} : { on: hex(on) }) }] as const],
      ),
    );
    assert.deepEqual(readOwnTheme(base, { base, colours }).problems, [], base);
  }
});
