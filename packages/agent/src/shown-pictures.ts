/** What others than the agent need to know of pictures: which can be shown, and where a conversation holds one. */
export { excessBytes, nameOfShown, picturesIn, PICTURES_MAX } from "./pictures.ts";
export type { HeldPicture } from "./pictures.ts";
export { judgePicture, PICTURE_BYTES_MAX } from "./tools/judge-picture.ts";
export type { JudgedPicture } from "./tools/judge-picture.ts";
