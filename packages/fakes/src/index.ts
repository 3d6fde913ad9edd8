export { startLlamaServer } from "./llama-server.ts";
export type { LlamaAnswer, LlamaServer, LlamaServerOptions } from "./llama-server.ts";
export { buildPdf } from "./pdf.ts";
export type { TinyCall, TinyFormat, TinyScript, TinyTurn } from "./tiny-model/script.ts";
export { buildTinyModel } from "./tiny-model/tiny-gguf.ts";
export type { TinyModel, TinyModelOptions } from "./tiny-model/tiny-gguf.ts";
