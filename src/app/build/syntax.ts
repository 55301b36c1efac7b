import { once } from "node:events";
import { spawnSync } from "node:child_process";
import { Worker } from "node:worker_threads";

/** A module's name, and its code. */
export type Code = readonly [name: string, code: string];

/** What Node itself cannot read of what was built, with what it says of it: a bundler lets through what it does not know. */
export async function unreadable(modules: readonly Code[]): Promise<readonly string[]> {
  // Only there a module can be read without being run, behind a flag that a process cannot be given later.
  const flags = ["--experimental-vm-modules", "--no-warnings"];
  const code = modules.map(([, each]) => each);
  const thread = new Worker(reader, { eval: true, execArgv: flags, env: {}, workerData: code });
  const [wrong] = (await once(thread, "message")) as [readonly number[]];
  await thread.terminate();
  return wrong.map((index) => shown(modules[index]!));
}

const reader = `
const { SourceTextModule } = require("node:vm");
const { parentPort, workerData } = require("node:worker_threads");
const isWrong = (code) => {
  try {
    return !new SourceTextModule(code);
  } catch {
    return true;
  }
};
parentPort.postMessage(workerData.flatMap((code, index) => (isWrong(code) ? [index] : [])));
`;

/** The line that is wrong is known only to who prints it. */
function shown([name, code]: Code): string {
  const { stderr } = spawnSync(process.execPath, ["--input-type=module", "--check", "-"], { input: code });
  const [said = ""] = stderr.toString().split(/\n {4}at /);
  return said.replace("[stdin]", name).trim();
}
