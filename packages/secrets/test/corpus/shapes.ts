/** The vendors' published forms, put together from pieces so that no scanner takes the repository for a leak. */

import type { Random } from "./random.ts";

type Shape = (random: Random) => string;

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export const base64 = (text: string): string => Buffer.from(text).toString("base64");
export const urlSafe = (r: Random, chars: number): string => r.from(URL_SAFE, chars);

export const awsId: Shape = (r) => "AK" + "IA" + r.from(BASE32, 16);
export const awsSession: Shape = (r) => "AS" + "IA" + r.from(BASE32, 16);
export const aliyunId: Shape = (r) => "LT" + "AI5t" + r.base62(18);
export const tencentId: Shape = (r) => "AK" + "ID" + r.base62(32);
export const github: Shape = (r) => "gh" + "p_" + r.base62(36);
export const githubFine: Shape = (r) => "github" + "_pat_" + r.base62(22) + "_" + r.base62(59);
export const gitlab: Shape = (r) => "gl" + "pat-" + urlSafe(r, 20);
export const npm: Shape = (r) => "np" + "m_" + r.base62(36);
export const pypi: Shape = (r) => "py" + "pi-AgEIcHlwaS5vcmc" + urlSafe(r, 130);
export const slackBot: Shape = (r) => "xo" + `xb-${r.digits(12)}-${r.digits(13)}-` + r.base62(24);
export const slackHook: Shape = (r) =>
  "https://hooks.slack" + `.com/services/T${r.from(BASE32, 8)}/B${r.from(BASE32, 10)}/${r.base62(24)}`;
export const stripe: Shape = (r) => "sk" + "_live_" + r.base62(24);
export const openai: Shape = (r) => "sk" + `-proj-${urlSafe(r, 74)}T3Blbk` + `FJ${urlSafe(r, 74)}`;
export const anthropic: Shape = (r) => "sk" + `-ant-api03-${urlSafe(r, 93)}AA`;
export const huggingFace: Shape = (r) =>
  "h" + "f_" + r.from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", 34);
export const google: Shape = (r) => "AI" + "zaSy" + urlSafe(r, 33);
export const sk32: Shape = (r) => "s" + "k-" + r.hex(32);
export const sk48: Shape = (r) => "s" + "k-" + r.base62(48);
export const jwtOf: Shape = (r) =>
  [
    Buffer.from('{"alg":"HS256","typ":"JWT"}').toString("base64url"),
    Buffer.from(`{"sub":"${r.digits(8)}","exp":17${r.digits(8)}}`).toString("base64url"),
    urlSafe(r, 43),
  ].join(".");
