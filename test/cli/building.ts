import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { ask, Program } from "../programs/program.ts";
import type { Project } from "../app/pages/project.ts";

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export async function built(project: Project, args: readonly string[] = []): Promise<Said> {
  await using program = Program.cli(["build", ...args], { cwd: project.path });
  const { code } = await program.end();
  return { code, out: program.out, err: program.err };
}

export async function assertBuilt(project: Project, args: readonly string[] = []): Promise<string> {
  const said = await built(project, args);
  assert.deepEqual([said.code, said.err], [0, ""], said.out);
  return said.out;
}

export function started(project: Project, args: readonly string[] = []): Program {
  return Program.cli(["start", "--port", "0", ...args], { cwd: project.path });
}

/** Every file of the last build below a folder of it, by its name, as text. */
export async function textsOf(project: Project, below: string): Promise<Map<string, string>> {
  const manifest: { readonly folder: string } = JSON.parse(
    await readFile(project.file(".livespan/manifest.json"), "utf8"),
  );
  const folder = project.file(`.livespan/${manifest.folder}/${below}`);
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((file) => file.isFile());
  return new Map(
    await Promise.all(
      files.map(async ({ name, parentPath }) => [name, await readFile(`${parentPath}/${name}`, "latin1")] as const),
    ),
  );
}

/** What its one route says, of an app that `livespan start` runs. */
export async function answerOf(program: Program): Promise<unknown> {
  return (await ask(await program.url())).json();
}

export const plain = `import { createApp } from "livespan";
export default createApp({ name: "plain", budgets: { lameDuck: 0 } }).get("/", () => ({ says: "first" }));`;
