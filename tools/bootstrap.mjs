// The door of every npm script: `node bootstrap.mjs tool.ts [args]`. Plain JavaScript, because the machine's own Node
// may be older than the pinned one that can run the TypeScript tools.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const windows = process.platform === "win32";
const relayed = ["SIGINT", "SIGTERM", "SIGHUP"];

function refuse(line) {
  console.error(`livespan: ${line}`);
  process.exit(1);
}

function requireNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  refuse(`this repository needs Node 20.19 or newer to start its tools, and this is Node ${process.versions.node}.`);
}

function readJson(file) {
  const path = join(root, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}

/** npm keeps its own record of what stands in node_modules; what is optional may be missing on this platform. */
function installed() {
  const have = readJson("node_modules/.package-lock.json");
  const lock = readJson("package-lock.json");
  if (have === undefined || lock === undefined) return have !== undefined;
  return Object.entries(lock.packages).every(
    ([path, wanted]) =>
      path === "" || wanted.optional || wanted.devOptional || have.packages[path]?.version === wanted.version,
  );
}

async function install() {
  if (installed()) return;
  const verb = existsSync(join(root, "package-lock.json")) ? "ci" : "install";
  console.error(`livespan: installing packages (npm ${verb}), about a minute the first time`);
  const cli = process.env.npm_execpath ?? "";
  const npm = cli.endsWith("npm-cli.js") ? [process.execPath, cli] : ["npm"];
  // An environment with NODE_ENV=production would leave the tools out.
  const code = await run([...npm, verb, "--no-audit", "--no-fund", "--include=dev", "--loglevel=error"], windows);
  if (code >= 128) process.exit(code);
  if (code !== 0) refuse(`npm ${verb} failed with code ${code}; its own message stands above.`);
}

/** The path of the exact Node that tools and tests run on. */
function pinnedNode() {
  const wanted = readJson("package.json").devDependencies.node;
  const node = join(root, "node_modules/node/bin", windows ? "node.exe" : "node");
  const probe = spawnSync(node, ["-p", "process.versions.node"], { encoding: "utf8" });
  const found = probe.status === 0 ? probe.stdout.trim() : "none";
  if (found === wanted) return node;
  return refuse(
    `the pinned Node ${wanted} is not in place (found ${found}): npm did not run the install script of the package ` +
      "`node`. Run: npm rebuild node --ignore-scripts=false",
  );
}

/** Runs a command in the foreground and settles with its exit code, 128+n after a signal. */
function run([command, ...args], shell = false) {
  const child = spawn(command, args, { cwd: root, stdio: "inherit", shell });
  // A terminal sends SIGINT to the whole process group: relaying it as well would make two of one.
  const relay = (signal) => void (signal === "SIGINT" && process.stdin.isTTY ? true : child.kill(signal));
  for (const signal of relayed) process.on(signal, relay);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      for (const name of relayed) process.off(name, relay);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

requireNode();
await install();
process.exitCode = await run([pinnedNode(), "--enable-source-maps", ...process.argv.slice(2)]);
