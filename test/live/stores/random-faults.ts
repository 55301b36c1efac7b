import { testWorld } from "livespan/testing";
import { redisStore } from "livespan/redis";
import { randomFrom } from "../../kernel/random-graph.ts";
import { systemClock } from "../../services/clock.ts";
import { startProxy, type Proxy } from "../../services/proxy.ts";
import { startRedis, type RedisServer } from "../../services/redis.ts";
import { startClient, type ClientProcess } from "./client-process.ts";
import { Journal } from "./journal.ts";

const lease = 200;

/** One run: clients that change one state through a proxy, and what befalls them, the network and the server. */
class Run {
  private readonly random: () => number;
  private readonly server: RedisServer;
  private readonly proxy: Proxy;
  private readonly stack: AsyncDisposableStack;
  private readonly all: ClientProcess[] = [];
  private readonly living: ClientProcess[] = [];
  private readonly asked: Promise<unknown>[] = [];
  private count = 0;

  constructor(seed: number, server: RedisServer, proxy: Proxy, stack: AsyncDisposableStack) {
    this.random = randomFrom(seed);
    this.server = server;
    this.proxy = proxy;
    this.stack = stack;
  }

  /** Whatever was acknowledged to some client so far. */
  get acknowledged(): readonly string[] {
    return this.all.flatMap(({ acknowledged }) => acknowledged);
  }

  async addClient(): Promise<void> {
    const client = this.stack.use(await startClient(this.proxy.url, lease));
    this.all.push(client);
    this.living.push(client);
  }

  async step(): Promise<void> {
    for (let n = Math.floor(this.random() * 6); n > 0; n--) this.change();
    const faults: readonly (() => Promise<unknown>)[] = [
      async () => this.proxy.cut(),
      async () => this.proxy.halfOpen(),
      () => this.kill(),
      () => this.stop(),
      () => this.server.restart(),
      () => this.server.command("SCRIPT", "FLUSH"),
      async () => this.loseReplies(),
    ];
    if (this.random() < 0.6) await this.pick(faults)();
    // Some changes meet the next fault in the middle.
    if (this.asked.length > 0) await Promise.race(this.asked.slice(-3));
  }

  /** Waits for the end of everything that was begun. */
  async settle(): Promise<void> {
    this.proxy.onReply = () => "pass";
    await Promise.all(this.asked);
  }

  private change(): void {
    const kind = this.random() < 0.5 ? "update" : "block";
    const pause = Math.floor(this.random() * 20);
    this.asked.push(this.pick(this.living).run({ kind, id: `change ${++this.count}`, pause }));
  }

  private async kill(): Promise<void> {
    const client = this.pick(this.living);
    this.living.splice(this.living.indexOf(client), 1);
    const ended = client.heard(({ code }) => code === "exit");
    client.signal("SIGKILL");
    await Promise.all([ended, this.addClient()]);
  }

  /** Goes on once the others have had the time to take its lock from it. */
  private async stop(): Promise<void> {
    const client = this.pick(this.living);
    client.signal("SIGSTOP");
    const { promise, resolve } = Promise.withResolvers<void>();
    systemClock.after(lease * 1.5, resolve);
    await promise;
    client.signal("SIGCONT");
  }

  private loseReplies(): void {
    let left = Math.floor(this.random() * 8);
    this.proxy.onReply = () => (left-- === 0 ? "cut" : "pass");
  }

  private pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)]!;
  }
}

/** Has clients change one state through `steps` random faults, and holds the state to account. */
export async function faultRandomly(seed: number, steps: number): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startRedis({ persistence: true }));
  const run = new Run(seed, server, stack.use(await startProxy(server.url)), stack);
  for (let n = 0; n < 3; n++) await run.addClient();
  for (let n = 0; n < steps; n++) await run.step();
  await run.settle();
  const store = redisStore({ url: server.url, lease });
  await store.open({ ...testWorld({ clock: systemClock }), changed: () => {}, missed: () => {} });
  stack.defer(async () => store.close());
  await new Journal(store).check(run.acknowledged);
  return run.acknowledged.length;
}
