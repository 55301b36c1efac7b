import assert from "node:assert/strict";
import { createClient, type OpenClient, type RunInfo } from "livespan/work";
import { mkdir, mkdtempDisposable } from "node:fs/promises";
import { engineOf, lease, type Fate, type Place } from "./place.ts";
import { join } from "node:path";
import { Journal } from "./journal.ts";
import { judge } from "./oracle.ts";
import { kindOf, mixOf } from "./mix.ts";
import { Program } from "../../programs/program.ts";
import { randomFrom } from "../../kernel/random-graph.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { tmpdir } from "node:os";
import { LivespanError } from "livespan";

/** What comes over workers at random moments. */
export interface Scene {
  readonly seed: number;
  readonly jobs: number;
  readonly troubles: number;
  /** Where runs are kept; and where workers are told that they are, when that is through a proxy. */
  readonly url?: string;
  readonly workersUrl?: string;
  /** To one worker: killed, and another is started; or stopped for longer than its lease. */
  readonly hits?: Fate["signal"];
  /** Both workers are stopped, maybe at once: then nobody is there to take what the other had. Otherwise one is. */
  readonly both?: boolean;
  /** Or to what is between the workers and their ledger. */
  strike?(random: () => number): Promise<void>;
}

class Stage {
  readonly scene: Scene;
  readonly random: () => number;
  readonly journal: Journal;
  readonly client: OpenClient;
  readonly asked: string[] = [];
  readonly replayed = new Set<string>();
  /** How many troubles have been given out, and have come. */
  given = 0;
  come = 0;
  private readonly place: Place;
  private readonly mix = mixOf();
  private readonly programs: Program[] = [];

  constructor(scene: Scene, folder: string) {
    this.scene = scene;
    this.random = randomFrom(scene.seed);
    this.journal = new Journal(folder);
    this.place = { folder, url: scene.url };
    this.client = createClient({ engine: engineOf(this.place) });
  }

  /** A worker with so many troubles to come. */
  private worker(times: number): Program {
    const { place, scene, random } = this;
    const { hits: signal = "SIGKILL", jobs, troubles } = scene;
    // Of all jobs there are about nine entries for each. While one worker is stopped, the other goes on by itself.
    const within = Math.ceil(((signal === "SIGSTOP" ? 2 : 6) * jobs) / troubles);
    const fate: Fate = { seed: Math.floor(random() * 2 ** 31), signal, times, within };
    const args = [{ ...place, url: scene.workersUrl ?? place.url }, fate].map((each) => JSON.stringify(each));
    const program = Program.run("../work/crashes/programs/worker.ts", {}, args);
    this.programs.push(program);
    return program;
  }

  /** Half of all at once, the rest little by little. */
  async ask(): Promise<void> {
    const { jobs } = this.scene;
    const half = Math.floor(jobs / 2);
    for (let from = 0; from < jobs; from += from === 0 ? half : 50) {
      const until = Math.min(jobs, from === 0 ? half : from + 50);
      await Promise.all(Array.from({ length: until - from }, (_, i) => this.enqueue(from + i)));
    }
  }

  private async enqueue(n: number): Promise<void> {
    const { id } = await this.client.enqueue(kindOf(this.mix, n), n, { idempotencyKey: `job ${n}` });
    this.asked[n] = id;
  }

  /** One worker after another, until there was trouble enough. The last one stays. */
  private async keepKilling(over: Promise<void>): Promise<void> {
    while (this.given < this.scene.troubles) {
      this.given++;
      const end = await Promise.race([this.worker(1).ended, over]);
      if (end === undefined) return;
      this.come++;
    }
    this.worker(0);
  }

  /** One worker, which goes on each time when its lease is over. */
  private async keepStopping(times: number, over: Promise<void>): Promise<void> {
    const worker = this.worker(times);
    for (let n = 1; n <= times; n++) {
      const stopped = await Promise.race([worker.match(new RegExp(`(?:[^!]*!){${n}}`)), over]);
      if (stopped === undefined) return;
      // Others look three times a lease, and count only what they have seen.
      await sleep(lease * (1.8 + this.random() / 2));
      worker.kill("SIGCONT");
      this.come++;
    }
  }

  /** Each time some bodies after the last one. */
  private async keepStriking(over: Promise<void>): Promise<void> {
    const { scene, journal, random } = this;
    const workers = [this.worker(0), this.worker(0)] as const;
    for (; this.come < scene.troubles; this.come++) {
      const worker = workers[this.come % 2]!;
      const more = Math.ceil((random() * scene.jobs) / scene.troubles / 2);
      const done = await Promise.race([worker.match(new RegExp(`\\.{${worker.out.length + more}}`)), over]);
      if (done === undefined) return;
      journal.write({ what: "trouble", pid: 0 });
      await scene.strike!(random);
    }
  }

  /** Settles when there was trouble enough, or all is over. */
  async trouble(over: Promise<void>): Promise<void> {
    const { hits, troubles, both = false } = this.scene;
    const times = both ? [Math.ceil(troubles / 2), Math.floor(troubles / 2)] : [troubles, 0];
    if (hits === "SIGKILL") await Promise.all([this.keepKilling(over), this.keepKilling(over)]);
    else if (hits === "SIGSTOP") await Promise.all(times.map((each) => this.keepStopping(each, over)));
    else await this.keepStriking(over);
  }

  /** Settles when all have ended. One over which five workers were lost has failed, as it should; a person replays it. */
  async ended(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      for (const id of this.asked) await this.settled(id);
      const failed = (await this.runs()).filter(({ state }) => state === "failed" || state === "cancelled");
      if (!failed.some(({ error }) => error?.code === "LOST_TOO_OFTEN")) return;
      for (const { id } of failed) this.replayed.add(id);
      await this.client.replay({ ids: failed.map(({ id, workflowRunId }) => workflowRunId ?? id) });
    }
  }

  private async settled(id: string): Promise<void> {
    try {
      await this.client.handle(id).result();
    } catch (error) {
      if (!(error instanceof LivespanError) || !/^RUN_(FAILED|CANCELLED)$/.test(error.code)) throw error;
    }
  }

  async runs(): Promise<RunInfo[]> {
    const all: RunInfo[] = [];
    for (let page: readonly RunInfo[] = []; ;) {
      const before = page.at(-1)?.id;
      page = await this.client.list({ steps: true, limit: 1_000, ...(before !== undefined && { before }) });
      all.push(...page);
      if (page.length < 1_000) return all;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.programs.map((program) => program[Symbol.asyncDispose]()));
    await this.client.close();
    this.journal[Symbol.dispose]();
  }
}

/** Two workers do all that is asked for while trouble comes; then `judge` says whether all was as it must be. Gives a line about it. */
export async function play(scene: Scene): Promise<string> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "livespan-crashes-"));
  await mkdir(join(folder.path, "effects"));
  await using stage = new Stage(scene, folder.path);
  const over = stage.ask().then(() => stage.ended());
  await Promise.all([over, stage.trouble(over)]);
  const { asked, replayed, come: troubles, journal } = stage;
  const entries = journal.read();
  const runs = await stage.runs();
  judge({ runs, asked, entries, effects: journal.effects(), replayed, troubles });
  const again = runs.filter(({ task, attempt }) => task !== "flow" && attempt > 1).length;
  // Who keeps its lease while the ledger is away goes on with what it has in hand.
  if (scene.hits !== undefined) assert.ok(again > 0, "no job was hit");
  const count = (what: string): number => entries.filter((entry) => entry.what === what).length;
  const told = [`${again} begun again`, `${count("again")} effects tried again`, `${count("lost")} leases lost`];
  return `${runs.length} runs, ${troubles} troubles: ${told.join(", ")}, ${replayed.size} replayed`;
}
