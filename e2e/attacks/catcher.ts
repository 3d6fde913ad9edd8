/** Where an attacker waits for what leaks: on TCP and UDP of the machine's own loopback, outside of every cell. */
import { createSocket } from "node:dgram";
import { createServer, type AddressInfo } from "node:net";

export interface Catcher extends AsyncDisposable {
  readonly port: number;
  /** Connections and datagrams. */
  readonly caught: readonly string[];
}

const BYTES_MAX = 100_000;

export async function openCatcher(): Promise<Catcher> {
  const caught: string[] = [];
  const tcp = createServer((socket) => {
    const at = caught.push("a connection: ") - 1;
    socket.on("error", () => {
      /* a broken one was caught all the same */
    });
    socket.on("data", (data) => {
      caught[at] = `${caught[at]}${data.toString("utf8")}`.slice(0, BYTES_MAX);
      socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}");
    });
  });
  await new Promise<void>((resolve) => void tcp.listen(0, "127.0.0.1", resolve));
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket("udp4");
  udp.on("message", (data) => caught.push(`a datagram: ${data.toString("utf8")}`));
  await new Promise<void>((resolve) => void udp.bind(port, "127.0.0.1", resolve));
  return {
    port,
    caught,
    async [Symbol.asyncDispose]() {
      await Promise.all([
        new Promise<void>((resolve) => udp.close(() => resolve())),
        new Promise<void>((resolve) => tcp.close(() => resolve())),
      ]);
    },
  };
}
