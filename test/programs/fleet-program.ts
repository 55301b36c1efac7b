import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Budgets } from "livespan";
import { ask, inFolder, type Launch, Program } from "./program.ts";

/** How the next setup, and each teardown, of the workers behaves. */
type Mood = "" | "broken" | "blocked" | "waiting" | "stuck";

/** `livespan start --workers` with `fleet.ts`. */
export class Fleet implements AsyncDisposable {
  readonly program: Program;
  private readonly folder: { readonly path: string; remove(): Promise<void> };

  private constructor(program: Program, folder: { readonly path: string; remove(): Promise<void> }) {
    this.program = program;
    this.folder = folder;
  }

  static async start(
    workers: number | string,
    { flags = [], budgets = {}, mood = "", env = {}, ...launch }: FleetLaunch = {},
  ): Promise<Fleet> {
    const folder = await mkdtempDisposable(join(tmpdir(), "livespan-fleet-"));
    const file = join(folder.path, "mood");
    await writeFile(file, mood);
    const args = ["start", inFolder("fleet.ts"), "--port", "0", "--workers", String(workers), ...flags];
    const given = { MOOD: file, BUDGETS: JSON.stringify({ lameDuck: 0, ...budgets }) };
    return new Fleet(Program.cli(args, { env: { ...given, ...env }, ...launch }), folder);
  }

  mood(mood: Mood): Promise<void> {
    return writeFile(join(this.folder.path, "mood"), mood);
  }

  /** The process that answers, once all have started. */
  async pid(): Promise<number> {
    return Number(await (await ask(`${await this.program.url()}/pid`)).text());
  }

  /** The processes that answer so many requests, each on a connection of its own. */
  async pids(requests: number): Promise<Set<number>> {
    await this.program.url();
    return new Set(await Promise.all(Array.from({ length: requests }, () => this.pid())));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    await this.folder.remove();
  }
}

interface FleetLaunch extends Launch {
  readonly flags?: readonly string[];
  readonly budgets?: Partial<Budgets>;
  readonly mood?: Mood;
}
