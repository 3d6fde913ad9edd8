#!/usr/bin/env node
// The first file of the published folder: small, so that a Node that is too old can still read it and say so.
"use strict";
const { join } = require("node:path");

if (Number(process.versions.node.split(".")[0]) < 24) {
  console.error(`cloister needs Node 24 or newer; this is ${process.versions.node}.`);
  console.error("next: install a newer Node.");
  process.exit(69);
}
// Compiled code is kept between runs: it halves the start. In the user's own folder: Node's default is one in the
// shared temporary folder, where somebody else could lay code for us to run.
require("node:module").enableCompileCache(join(require("node:os").homedir(), ".cloister", "cache"));
// oxlint-disable-next-line import/no-unassigned-import -- it runs as it is loaded
require("./keeper.js");
