// A process that appends to a ledger: `node appender.ts <directory> <count> [together]`. It writes one line per receipt,
// unbuffered, so that what it printed was acknowledged, whenever it is killed.
import { writeSync } from "node:fs";
import { systemClock } from "@cloister/base";
import { openLedger } from "../src/index.ts";

const [, , directory = "", count = "0", together] = process.argv;
const ledger = await openLedger({ directory, origin: "example.org/test", clock: systemClock });
async function append(number: number): Promise<void> {
  const attachments = [
    { type: "text", data: Buffer.from(`${process.pid} ${number}`), open: {}, hidden: { number } },
  ];
  const receipt = await ledger.append({ type: "test", fields: { number, pid: process.pid }, attachments });
  writeSync(1, `${receipt.index} ${receipt.leafHash.toString("hex")}\n`);
}
// Alone, or as many at a time as a busy machine would have.
let next = 0;
async function work(): Promise<void> {
  while (next < Number(count)) await append(next++);
}
await Promise.all(Array.from({ length: together === undefined ? 1 : 32 }, work));
await ledger.close();
