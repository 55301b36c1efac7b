// Builds dist/ from src/: `npm run build`. Skipped when nothing changed since the last one.
import { chmod, copyFile, glob, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { command, program, root, type Outcome } from "./command.ts";
import { copyDocsAssets } from "./docs-assets.ts";

const dist = join(root, "dist");
// Its time is when the last build began: what is edited during a build belongs to the next one.
const stamp = ".built";
// Built beside dist and then moved in its place: a build that fails leaves the last good one.
const next = join(root, "dist.next");

async function modified(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

/** A folder changes its time when a file in it comes or goes, so folders count as well. */
async function newestSource(): Promise<number> {
  let newest = 0;
  for await (const path of glob(["src", "src/**", "tsconfig*.json", "package.json", "tools/*.ts"], { cwd: root })) {
    newest = Math.max(newest, await modified(join(root, path)));
  }
  return newest;
}

/** Settles with what the compiler said; code 0 and no output when dist/ is newer than its sources. */
export async function build(signal?: AbortSignal): Promise<Outcome> {
  if ((await modified(join(dist, stamp))) > (await newestSource())) return { code: 0, output: "" };
  const started = new Date();
  await rm(next, { recursive: true, force: true });
  const compiled = await declare(signal);
  if (compiled.code === 0) {
    await bundle(next);
    await putInPlace(started);
  }
  await rm(next, { recursive: true, force: true });
  return compiled;
}

/** Writes the declarations, those of what knows the DOM from a program of their own. */
async function declare(signal?: AbortSignal): Promise<Outcome> {
  const output = ["--noEmit", "false", "--emitDeclarationOnly", "--outDir", next];
  const compiled = await command(program("tsc", "-p", "tsconfig.build.json", ...output), { signal });
  if (compiled.code !== 0) return compiled;
  return command(program("tsc", "-p", "tsconfig.client.json", ...output), { signal });
}

async function putInPlace(started: Date): Promise<void> {
  copyDocsAssets(join(next, "http/docs-assets"));
  for await (const script of glob("**/*.lua", { cwd: join(root, "src") })) {
    await copyFile(join(root, "src", script), join(next, script));
  }
  await chmod(join(next, "cli/main.js"), 0o755);
  await writeFile(join(next, stamp), "");
  await utimes(join(next, stamp), started, started);
  await rm(dist, { recursive: true, force: true });
  await rename(next, dist);
}

if (import.meta.main) {
  const { code, output } = await build();
  process.stdout.write(output);
  process.exitCode = code;
}
