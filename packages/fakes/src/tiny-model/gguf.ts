// The GGUF container, version 3 (ggml's docs/gguf.md): magic, counts, metadata, tensor table, aligned tensor bytes.

export type MetaEntry =
  | readonly [key: string, type: "u32" | "f32", value: number]
  | readonly [key: string, type: "bool", value: boolean]
  | readonly [key: string, type: "string", value: string]
  | readonly [key: string, type: "i32[]", value: readonly number[]]
  | readonly [key: string, type: "string[]", value: readonly string[]];

export interface Tensor {
  readonly name: string;
  /** The innermost dimension first, as the format has it. */
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const ALIGNMENT = 32;
const VALUE_TYPE = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;
const TENSOR_TYPE = { f32: 0, f16: 1 } as const;

/** Tensors of one dimension (norms, biases) are written in f32, which engines ask for; all others in f16. */
export function encodeGguf(meta: readonly MetaEntry[], tensors: readonly Tensor[]): Buffer {
  const head: Buffer[] = [Buffer.from("GGUF"), u32(3), u64(tensors.length), u64(meta.length)];
  for (const entry of meta) head.push(text(entry[0]), ...encodeMeta(entry));
  const body: Buffer[] = [];
  let bodyLength = 0;
  for (const { name, shape, values } of tensors) {
    const count = shape.reduce((product, size) => product * size, 1);
    if (count !== values.length) throw new RangeError(`${name}: ${shape.join("x")} is not ${values.length}`);
    const type = shape.length === 1 ? "f32" : "f16";
    head.push(text(name), u32(shape.length), ...shape.map(u64), u32(TENSOR_TYPE[type]), u64(bodyLength));
    const bytes = padded(Buffer.from((type === "f16" ? Float16Array.from(values) : values.slice()).buffer));
    body.push(bytes);
    bodyLength += bytes.length;
  }
  return Buffer.concat([padded(Buffer.concat(head)), ...body]);
}

function encodeMeta(entry: MetaEntry): Buffer[] {
  switch (entry[1]) {
    case "u32":
      return [u32(VALUE_TYPE.u32), u32(entry[2])];
    case "f32":
      return [u32(VALUE_TYPE.f32), f32(entry[2])];
    case "bool":
      return [u32(VALUE_TYPE.bool), Buffer.from([entry[2] ? 1 : 0])];
    case "string":
      return [u32(VALUE_TYPE.string), text(entry[2])];
    case "i32[]":
      return [u32(VALUE_TYPE.array), u32(VALUE_TYPE.i32), u64(entry[2].length), ...entry[2].map(i32)];
    case "string[]":
      return [u32(VALUE_TYPE.array), u32(VALUE_TYPE.string), u64(entry[2].length), ...entry[2].map(text)];
  }
}

function padded(bytes: Buffer): Buffer {
  const rest = bytes.length % ALIGNMENT;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(ALIGNMENT - rest)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function i32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
