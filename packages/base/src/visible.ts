/** Text of strangers as a person's screen may show it. */

// C0 and C1 controls but tab and line feed, and the marks that reorder or hide text; a joiner within an emoji is drawn.
const steering =
  // oxlint-disable-next-line no-control-regex -- finding them is the point
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]|(?<!\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier})?)\u200d/gu;

/** Control characters made visible: what a model or a file says must not steer the terminal, nor hide on it. */
export function visible(text: string): string {
  return text.replaceAll(steering, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x20 ? String.fromCodePoint(0x2400 + code) : `\\u{${code.toString(16)}}`;
  });
}
