import { rename, rm, writeFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { ask, type End, Program } from "../../programs/program.ts";
import { Project } from "../../app/pages/project.ts";

/** What the screen says when a save has been dealt with. */
const outcome = /served after|The code could not be loaded|The app did not start|The app has ended/g;

/** A folder like a user's, with `livespan dev` in it. */
export class DevProgram implements AsyncDisposable {
  readonly project: Project;
  readonly program: Program;
  private url = "";

  private constructor(project: Project, program: Program) {
    this.project = project;
    this.program = program;
  }

  /** Settles when it listens. */
  static async start(
    files: Readonly<Record<string, string>>,
    { args = [], env }: { readonly args?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {},
  ): Promise<DevProgram> {
    const dev = await DevProgram.launch(await DevProgram.project(files), { args, ...(env && { env }) });
    dev.url = await dev.program.url();
    return dev;
  }

  /** Without React where no page is: what browsers get of it would be bundled at each start. */
  static async project(files: Readonly<Record<string, string>>): Promise<Project> {
    const project = await Project.make(files);
    const hasPages = Object.keys(files).some((name) => name.endsWith(".tsx"));
    if (!hasPages) for (const name of ["react", "react-dom"]) await rm(project.file(`node_modules/${name}`));
    return project;
  }

  static async launch(
    project: Project,
    {
      args = [],
      env,
      cwd = ".",
    }: { readonly args?: readonly string[]; readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
  ): Promise<DevProgram> {
    const program = Program.cli(["dev", ...args, "--port", "0"], { cwd: project.file(cwd), ...(env && { env }) });
    return new DevProgram(project, program);
  }

  /** How many saves have been dealt with. */
  get outcomes(): number {
    return this.program.err.match(outcome)?.length ?? 0;
  }

  get reloads(): number {
    return this.program.err.match(/: served after/g)?.length ?? 0;
  }

  async text(path = "/", init?: RequestInit): Promise<string> {
    this.url ||= await this.program.url();
    return (await ask(this.url + path, init)).text();
  }

  /** Settles when that is answered: Vite may start itself twice for one write of its configuration. */
  async answers(expected: unknown): Promise<void> {
    for (;;) {
      const before = this.outcomes;
      if (isDeepStrictEqual(JSON.parse(await this.text()), expected)) return;
      await this.changes(before);
    }
  }

  /** Does what changes files, and settles once the program has dealt with it. */
  async after(change: () => Promise<unknown>): Promise<void> {
    const before = this.outcomes;
    await change();
    await this.changes(before);
  }

  /** Settles once more saves have been dealt with than `before`. */
  changes(before: number): Promise<void> {
    return this.program.outgrow(outcome, before);
  }

  save(files: Readonly<Record<string, string>>): Promise<void> {
    return this.after(() => this.project.write(files));
  }

  /** As editors do: a file beside it takes its place. */
  saveByRename(name: string, text: string): Promise<void> {
    return this.after(async () => {
      await writeFile(this.project.file(`${name}.swp~`), text);
      await rename(this.project.file(`${name}.swp~`), this.project.file(name));
    });
  }

  remove(name: string): Promise<void> {
    return this.after(() => rm(this.project.file(name), { recursive: true }));
  }

  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<End> {
    return this.program.stop(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    await this.project[Symbol.asyncDispose]();
  }
}
