/** The head of a picture of 10 × 20 pixels: what tells that it is one, and nothing to draw. */
export const png: Buffer = Buffer.from("89504e470d0a1a0a0000000d494844520000000a0000001408060000", "hex");
