import assert from "node:assert/strict";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { command, npm, type Outcome, root } from "../command.ts";
import { serving } from "./serving.ts";
import type { Step } from "./step.ts";

const limit = 60_000;
const cli = [process.execPath, "node_modules/.bin/livespan"] as const;

/** The README's first app, in an empty folder, as its reader would have it: written, built and run. */
export function firstAppSteps(folder: string, tarball: string): Step[] {
  const within = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(limit)]);
  return [
    {
      name: "install the tarball and what the README's first app needs",
      essential: true,
      run: (signal) => install(folder, tarball, signal),
    },
    { name: "livespan dev serves the first app, and what is saved", run: (signal) => develops(folder, within(signal)) },
    {
      name: "livespan build builds it",
      essential: true,
      run: (signal) => command([...cli, "build"], { cwd: folder, signal: within(signal) }),
    },
    {
      name: "livespan start runs what was built",
      run: (signal) => serving([...cli, "start"], folder, within(signal), (address) => predicts(address, 43, signal)),
    },
  ];
}

async function install(folder: string, tarball: string, signal: AbortSignal): Promise<Outcome> {
  const { devDependencies }: { devDependencies: Record<string, string> } = JSON.parse(
    await readFile(join(root, "package.json"), "utf8"),
  );
  await mkdir(folder);
  await writeFile(join(folder, "package.json"), '{ "type": "module" }\n');
  await copyFile(join(root, "examples/docs/first-app.ts"), join(folder, "app.ts"));
  const packages = ["zod", "vite"].map((name) => `${name}@${devDependencies[name]}`);
  const flags = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"];
  return command(npm("install", "--prefix", folder, tarball, ...packages, ...flags), { cwd: folder, signal });
}

async function develops(folder: string, signal: AbortSignal): Promise<Outcome> {
  const file = join(folder, "app.ts");
  return serving([...cli, "dev"], folder, signal, async (address) => {
    await predicts(address, 42, signal);
    await writeFile(file, (await readFile(file, "utf8")).replace("x * 42", "x * 43"));
    while ((await predicted(address, signal)) === 42) await pause(20, undefined, { signal });
    await predicts(address, 43, signal);
  });
}

async function predicts(address: string, factor: number, signal: AbortSignal): Promise<void> {
  assert.equal(await predicted(address, signal), factor);
}

async function predicted(address: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(new URL("/predict?x=1", address), { signal });
  assert.equal(response.status, 200);
  const { result } = (await response.json()) as { readonly result: unknown };
  return result;
}
