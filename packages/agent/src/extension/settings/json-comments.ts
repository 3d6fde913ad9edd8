/** JSON with comments and commas too many, as editors write it, made into JSON. Lines stay where they are. */
export function stripJsonComments(text: string): string {
  const plain = text.replaceAll(/"(?:\\[^]|[^"\\])*"?|\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)/gu, (part) =>
    part.startsWith('"') ? part : part.replaceAll(/[^\n]/gu, " "),
  );
  return plain.replaceAll(/"(?:\\[^]|[^"\\])*"?|,(?=\s*[}\]])/gu, (part) => (part === "," ? " " : part));
}
