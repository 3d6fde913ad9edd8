/** What stands outside and would notice: servers of the host, and processes that can be signalled without harm. */
import { spawn, type ChildProcess } from "node:child_process";
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { networkInterfaces } from "node:os";

export interface Witnesses {
  /** Said by every server below to whoever reaches it. */
  readonly banner: string;
  readonly tcpPort: number;
  readonly tcp6Port: number | undefined;
  readonly udpPort: number;
  /** An address of this host that is not loopback, and the port of a server on it. */
  readonly own: { readonly address: string; readonly port: number } | undefined;
  /** A process of this host, of the same user; `secret` is in its environment. */
  startProcess(token: string, secret: string): Promise<ChildProcess>;
  close(): void;
}

export async function openWitnesses(banner: string): Promise<Witnesses> {
  const servers: Server[] = [];
  const processes: ChildProcess[] = [];
  const listen = async (address: string): Promise<number> => {
    const server = createServer((socket) => {
      socket.on("error", () => {
        /* the probe did not wait for the answer */
      });
      socket.end(`${banner}\n`);
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, address, resolve);
    });
    servers.push(server);
    return (server.address() as AddressInfo).port;
  };
  const udp: UdpSocket = createSocket("udp4");
  udp.on("message", (_text, from) => udp.send(`${banner}\n`, from.port, from.address));
  await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
  const address = ownAddress();
  return {
    banner,
    tcpPort: await listen("127.0.0.1"),
    tcp6Port: await listen("::1").catch(() => undefined), // a host without IPv6 has no such loopback
    udpPort: udp.address().port,
    own: address === undefined ? undefined : { address, port: await listen(address) },
    startProcess: async (token, secret) => {
      const child = spawn("/bin/sh", ["-c", `: witness ${token}; echo up; read line`], {
        stdio: ["pipe", "pipe", "ignore"],
        env: { PATH: "/usr/bin:/bin", WITNESS: secret },
      });
      processes.push(child);
      await new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
      return child;
    },
    close: () => {
      for (const server of servers) server.close();
      for (const child of processes) child.kill("SIGKILL");
      udp.close();
    },
  };
}

function ownAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
}

/** Processes whose command line holds this token: what a probe left running. */
export function processesOf(token: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, "latin1").includes(token);
      } catch {
        return false; // gone meanwhile, or somebody else's
      }
    })
    .map(Number);
}
