#!/usr/bin/env node
// Says what is missing on an older Node, before anything is imported that an older Node could not read.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`livespan needs Node 22.18 or newer; this is ${process.versions.node}.\n`);
  process.exitCode = 78;
} else {
  const { main } = await import("./command.ts");
  process.exitCode = await main(process.argv.slice(2));
}
