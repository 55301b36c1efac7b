import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { WebSocket } from "ws";
import { createClient, embeddedEngine } from "livespan/work";
import { Program } from "../programs/program.ts";
import { redisUrl } from "../services/redis.ts";

const url = await redisUrl();

test("a durable task whose process is killed goes on in the next one, and its tab sees it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "livespan-durable-"));
  const [file, steps] = [join(folder, "work.db"), join(folder, "steps")];
  const run = (hold: string): Program =>
    Program.run("durable.ts", {}, [url, `killed-${process.pid}:`, file, steps, hold]);
  try {
    await using first = run("3");
    const at = await first.url();
    const cookie = (await fetch(`${at}/_live/session`)).headers.get("set-cookie")!;
    const page = await Page.open(at, { cookie });
    // It changes nothing: when it comes again, as after an answer that was lost, nothing says so but the engine.
    page.send(["e", 1, 0, "count"]);
    await page.until(({ n }) => n === 3);
    await first.stop("SIGKILL");
    assert.equal(await readFile(steps, "utf8"), "1\n2\n3\n");

    await using second = run("");
    const again = await Page.open(await second.url(), { cookie, tab: page.tab });
    again.send(["e", 1, 0, "count"]);
    assert.ok(again.seen[0]!.n >= 3, "it begins where it was");
    await again.until(({ done }) => done);
    assert.deepEqual([again.tab, again.seen.at(-1)], [page.tab, { n: 6, done: true }]);
    await again.answered(1);
    await again.close();
    assert.equal(await readFile(steps, "utf8"), "1\n2\n3\n4\n5\n6\n");
    assert.deepEqual([first.lines.includes("attempt 1"), second.lines.includes("attempt 2")], [true, true]);
    assert.deepEqual(await second.stop(), { code: 0, signal: null });

    await using client = createClient({ engine: embeddedEngine({ file }) });
    const runs = await client.list();
    assert.deepEqual(
      runs.map(({ task, state, attempt }) => [task, state, attempt]),
      [["live.counter.count", "succeeded", 2]],
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

interface Counter {
  readonly n: number;
  readonly done: boolean;
}

/** Its vars are numbers and such: all that happens to them is that they are set. */
type Sets = readonly (readonly ["=", keyof Counter, never])[];

function changed(before: Counter, sets: Sets): Counter {
  return { ...before, ...Object.fromEntries(sets.map(([, name, value]) => [name, value])) };
}

type Frame = readonly [tag: string, first: unknown, ...rest: readonly unknown[]];

/** A tab over a real socket, which keeps what it was shown. */
class Page {
  tab = "";
  readonly seen: Counter[] = [];
  private readonly socket: WebSocket;
  private readonly frames: Frame[] = [];
  private change = Promise.withResolvers<void>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => this.read(JSON.parse(data.toString()) as Frame));
    // A server that is killed closes nothing.
    socket.on("error", () => {});
  }

  static async open(at: string, { cookie, tab }: { readonly cookie: string; readonly tab?: string }): Promise<Page> {
    const socket = new WebSocket(`${at}/_live`, { origin: at, headers: { cookie } });
    const page = new Page(socket);
    socket.on("open", () => page.send(["h", { protocol: 1, tab, wants: [{ state: "counter" }] }]));
    await page.when(() => page.seen.length > 0);
    return page;
  }

  send(frame: unknown): void {
    this.socket.send(JSON.stringify(frame));
  }

  until(matches: (shown: Counter) => boolean): Promise<void> {
    return this.when(() => matches(this.seen.at(-1)!));
  }

  answered(id: number): Promise<void> {
    return this.when(() => this.frames.some(([tag, of]) => tag === "a" && of === id));
  }

  async close(): Promise<void> {
    this.socket.close();
    await new Promise((resolve) => void this.socket.once("close", resolve));
  }

  private read(frame: Frame): void {
    const [tag, first] = frame;
    this.frames.push(frame);
    if (tag === "w") this.tab = (first as { readonly tab: string }).tab;
    if (tag === "s") this.seen.push(frame[4] as Counter);
    if (tag === "d") this.seen.push(changed(this.seen.at(-1)!, frame[3] as Sets));
    this.change.resolve();
    this.change = Promise.withResolvers();
  }

  private async when(holds: () => boolean): Promise<void> {
    while (!holds()) await this.change.promise;
  }
}
