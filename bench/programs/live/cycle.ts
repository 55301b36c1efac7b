// One state of one tab, changed by update() while somebody watches it: the engine by itself, with no socket before it.
import { isDeepStrictEqual } from "node:util";
import type { LiveApp } from "../../../src/live/server/context.ts";
import type { Op } from "../../../src/live/wire/ops.ts";
import { applyOps } from "../../../src/live/wire/apply.ts";
import { StateDeclaration } from "../../../src/live/server/state.ts";
import { defineState } from "../../../src/live/index.ts";
import { Live } from "../../../src/live/server/live.ts";
import { memoryStore } from "../../../src/live/server/stores/memory.ts";
import { systemClock } from "../../../src/app/world.ts";
import { boardOf } from "./boards.ts";
import { timedCycles } from "./cycles.ts";

const [name, seconds] = process.argv.slice(2) as [string, string];
const { initial, step } = boardOf(name);

const declared: unknown = defineState(name, { vars: initial() });
if (!(declared instanceof StateDeclaration)) throw new Error("A state is a declaration.");

const nobody = (): never => {
  throw new Error("Nothing here asks the app for anything.");
};
const app: LiveApp = {
  name: "cycle",
  state: "ready",
  address: undefined,
  get work() {
    return nobody();
  },
  own: nobody,
  modifyState: nobody,
  tabs: new Set(),
  backgroundTasks: new Set(),
};
const live = new Live({
  states: [declared],
  store: memoryStore(),
  clock: systemClock,
  log: nobody,
  app,
  stateLimit: 1024 * 1024,
  rehearses: false,
  interleave: undefined,
  durable: { start: nobody },
  values: () => ({}),
});

const { tab } = await live.tab({ session: "cycle" });
const instance = await tab.instance(name, undefined);
let text = "";
instance.watch(({ ops }) => void (text = ops.text));

const cycle = async (): Promise<string> => {
  await instance.update(step);
  return text;
};

await timedCycles(Number(seconds), cycle, async () => {
  let copy = instance.snapshot;
  for (let made = 0; made < 1_000; made++) {
    const ops: readonly Op[] = JSON.parse(await cycle());
    copy = applyOps(copy, ops);
  }
  return isDeepStrictEqual(copy, instance.snapshot);
});
live.clear();
