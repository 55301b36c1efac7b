import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { command, npm, program, root } from "../command.ts";
import { declarationStep } from "./declarations.ts";
import { firstAppSteps } from "./first-app.ts";
import type { Step } from "./step.ts";
import { smokeSteps } from "./smoke.ts";

const { version }: { version: string } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));

/** The checks of what is published: the tarball itself, and then that tarball installed where nothing else is. */
export function packageSteps(scratch: string): Step[] {
  const tarball = join(scratch, `livespan-${version}.tgz`);
  const consumer = join(scratch, "consumer");
  return [
    { name: "unused files, exports and dependencies (knip)", run: (signal) => command(program("knip"), { signal }) },
    {
      name: "pack",
      essential: true,
      run: (signal) =>
        command(npm("pack", "--pack-destination", scratch, "--ignore-scripts", "--loglevel=error"), { signal }),
    },
    { name: "publint", run: (signal) => command(program("publint", "run", tarball, "--strict"), { signal }) },
    {
      name: "are the types wrong",
      run: (signal) =>
        command(program("attw", tarball, "--profile", "esm-only", "--no-definitely-typed", "--no-emoji"), { signal }),
    },
    {
      name: "install the tarball in an empty folder",
      essential: true,
      run: (signal) => install(consumer, tarball, signal),
    },
    declarationStep(consumer),
    ...smokeSteps(consumer),
    ...firstAppSteps(join(scratch, "first-app"), tarball),
  ];
}

async function install(consumer: string, tarball: string, signal: AbortSignal) {
  await mkdir(consumer);
  const flags = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"];
  return command(npm("install", "--prefix", consumer, tarball, ...flags), { cwd: consumer, signal });
}
