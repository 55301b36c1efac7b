import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { type App, createApp } from "../../../src/app/app.ts";
import { lifespan, type Lifespan } from "../../../src/kernel/lifespan.ts";
import { Keeper } from "../../../src/host/dev/kept/keeper.ts";
import { Listening } from "../../../src/host/listen.ts";
import { nodeWorld } from "../../../src/app/world.ts";
import { processUnhandled } from "../../../src/host/unhandled.ts";
import { ask } from "../../programs/program.ts";
import { gate } from "../../http/servers/listening.ts";

/** A development server whose code is given by hand: `prints` says of each lifespan what its own code is. */
class Loop implements AsyncDisposable {
  readonly ran: string[] = [];
  readonly prints = new Map<string, string>();
  private readonly log = (): void => {};
  readonly keeper = new Keeper({
    world: nodeWorld({ log: this.log, unhandled: processUnhandled }),
    print: (name) => this.prints.get(name) ?? "same",
  });
  readonly listening = new Listening({ unhandled: processUnhandled, host: "127.0.0.1" }, this.log, undefined, {
    options: { overrides: this.keeper.overrides },
    between: () => this.keeper.settle(),
  });

  /** A lifespan as a module that ran again would declare it: another object each time. */
  declare(name: string, needs: Record<string, Lifespan<unknown>> = {}, keepOnReload = true): Lifespan<object> {
    const { ran } = this;
    return lifespan(name, { needs, keepOnReload }, async function* () {
      ran.push(`${name}+`);
      yield { name };
      ran.push(`${name}-`);
    });
  }

  async serve(app: App<unknown>): Promise<void> {
    await this.listening.open();
    await this.listening.replace(app);
  }

  /** What ran since the last time. */
  news(): string {
    return this.ran.splice(0).join(" ");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.keeper.finish();
    await this.listening.stop();
    await this.listening.release();
    await this.keeper[Symbol.asyncDispose]();
  }
}

test("what is to be kept stays up with what it needs, and is the same value; the rest starts anew", async () => {
  const loop = new Loop();
  const values: object[] = [];
  const version = () => {
    const config = loop.declare("config", {}, false);
    const model = loop.declare("model", { config });
    const db = loop.declare("db", { model }, false);
    return createApp({ lifespan: { db, model } }).get("/", ({ lifespan }) => {
      values.push(lifespan.model);
      return "";
    });
  };
  {
    await using _ = loop;
    for (const expected of ["config+ model+ db+", "db- db+", "db- db+"]) {
      await loop.serve(version());
      assert.equal(loop.news(), expected);
      await ask(loop.listening.address!.url);
    }
    assert.deepEqual([...loop.keeper.reused], ["config", "model"]);
  }
  assert.equal(new Set(values).size, 1);
  assert.equal(loop.news(), "db- model- config-");
});

test("what has changed is closed once its dependents are down, and begun before they start", async () => {
  await using loop = new Loop();
  const version = () => {
    const config = loop.declare("config");
    const model = loop.declare("model", { config });
    const other = loop.declare("other");
    return createApp({ lifespan: { db: loop.declare("db", { model }, false), other } });
  };
  await loop.serve(version());
  loop.news();
  loop.prints.set("config", "changed");
  await loop.serve(version());
  assert.equal(loop.news(), "db- model- config- config+ model+ db+");
});

test("what the new code has no more is closed, and what needs something else is begun anew", async () => {
  await using loop = new Loop();
  await loop.serve(createApp({ lifespan: { a: loop.declare("a"), b: loop.declare("b") } }));
  loop.news();
  await loop.serve(createApp({ lifespan: { b: loop.declare("b", { c: loop.declare("c") }) } }));
  assert.equal(loop.news(), "b- a- c+ b+");
});

test("a start that fails leaves it up for the next", async () => {
  await using loop = new Loop();
  const broken = lifespan("broken", (): Generator<void, void, void> => {
    throw new Error("no");
  });
  await loop.serve(createApp({ lifespan: { a: loop.declare("a") } }));
  await assert.rejects(loop.serve(createApp({ lifespan: { a: loop.declare("a"), broken } })), {
    code: "START_FAILED",
  });
  await loop.serve(createApp({ lifespan: { a: loop.declare("a") } }));
  assert.equal(loop.news(), "a+");
});

test("a setup that fails is named as any other, once, and is tried again by the next", async () => {
  await using loop = new Loop();
  let fails = true;
  const version = () => {
    const a = lifespan("a", { keepOnReload: true }, async function* () {
      if (fails) throw new Error("no");
      yield loop.ran.push("a+");
    });
    return createApp({ lifespan: { a } });
  };
  await assert.rejects(loop.serve(version()), { message: 'lifespan "a" failed while starting: no.' });
  fails = false;
  await loop.serve(version());
  assert.equal(loop.news(), "a+");
});

test("an optional one that fails leaves out what needs it, and is tried again by the next", async () => {
  await using loop = new Loop();
  let fails = true;
  const version = () => {
    const cache = lifespan("cache", { keepOnReload: true, optional: true }, async function* () {
      if (fails) throw new Error("no");
      yield loop.ran.push("cache+");
    });
    const db = lifespan("db", { needs: { cache }, keepOnReload: true, optional: true }, async function* () {
      yield loop.ran.push("db+");
    });
    return createApp({ lifespan: { db } });
  };
  const failed: unknown[] = [];
  for (const expected of ["", "cache+ db+", ""]) {
    await loop.serve(version());
    assert.equal(loop.news(), expected);
    const { components } = loop.listening.run!.generation.graph;
    failed.push(components.filter(({ state }) => state === "failed").map(({ name }) => name));
    fails = false;
  }
  assert.deepEqual(
    [failed, [...loop.keeper.reused]],
    [
      [["cache"], [], []],
      ["cache", "db"],
    ],
  );
});

test("one that ends by itself ends its generation, and is begun anew with the next", async () => {
  await using loop = new Loop();
  const fail = gate();
  const version = () => {
    const a = lifespan("a", { keepOnReload: true }, async function* ({ spawn }) {
      loop.ran.push("a+");
      const body = () => fail.opened.then(() => Promise.reject(new Error("lost")));
      spawn("child", body, { restart: "transient", intensity: { restarts: 0, withinMs: 1_000 } });
      yield;
      loop.ran.push("a-");
    });
    return createApp({ lifespan: { a } });
  };
  await loop.serve(version());
  await loop.serve(version());
  const { generation } = loop.listening.run!;
  fail.open();
  const { cause } = await generation.ended;
  assert.equal(cause.kind, "task");
  assert.match(String(cause.kind === "task" && cause.error), /lost/);
  await loop.serve(createApp());
  assert.equal(loop.news(), "a+ a-");
});

test("what it provides is seen by each generation's handlers", async () => {
  await using loop = new Loop();
  const storage = new AsyncLocalStorage<string>();
  const version = () => {
    const a = lifespan("a", { keepOnReload: true }, async function* ({ provide }) {
      provide(storage, "provided");
      yield;
    });
    return createApp({ lifespan: { a } }).get("/", () => storage.getStore() ?? "nothing");
  };
  for (let n = 0; n < 2; n++) {
    await loop.serve(version());
    assert.equal(await (await ask(loop.listening.address!.url)).json(), "provided");
  }
});

test("a start of it that is given up is awaited, and leaves nothing", async () => {
  await using loop = new Loop();
  const begun = gate();
  const slow = lifespan("slow", { keepOnReload: true }, async function* ({ sleep }) {
    begun.open();
    try {
      await sleep(60_000);
      yield;
    } finally {
      loop.ran.push("slow-");
    }
  });
  const serving = loop.serve(createApp({ lifespan: { slow } }));
  await begun.opened;
  loop.listening.giveUpNext("newer code");
  await assert.rejects(serving, { code: "START_ABORTED" });
  assert.equal(loop.news(), "slow-");
});
