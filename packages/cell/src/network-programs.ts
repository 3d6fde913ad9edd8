/**
 * The two small programs that run inside a cell's network namespace, as text for `node --eval`: so they need no file
 * that the user of the cell can read, in a checkout as in the bundle. Neither reads a byte that a command has written.
 */

/** Listens on loopback, hands each listening socket to the keeper, and becomes something that only waits. */
export const listeningProgram: string = `
const { existsSync } = require("node:fs");
const { createServer } = require("node:net");
const ports = JSON.parse(process.argv[1]);
const servers = ports.map((port, index) => {
  const server = createServer();
  server.on("error", ({ code }) => process.send({ index, code }));
  server.listen({ host: "127.0.0.1", port }, () => {
    process.send({ index, port: server.address().port }, server);
  });
  return server;
});
process.once("message", () => {
  for (const server of servers) server.close();
  process.disconnect();
  if (existsSync("/bin/sleep")) process.execve("/bin/sleep", ["sleep", "infinity"], {});
  setInterval(() => {}, 2 ** 30);
});
`;

/** Connects to ports of the namespace's loopback, and hands each connection to the keeper before it is read from. */
export const connectingProgram: string = `
const { connect } = require("node:net");
process.on("message", ({ id, port }) => {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  socket.pause();
  const onError = ({ code }) => process.send({ id, code: code ?? "unknown error" });
  socket.once("error", onError);
  socket.once("connect", () => {
    socket.off("error", onError);
    socket.on("error", () => {});
    process.send({ id }, socket);
  });
});
process.on("disconnect", () => process.exit());
process.send({ ready: true });
`;
