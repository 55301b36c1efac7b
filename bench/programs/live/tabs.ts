// The tabs of one side, in a process of their own, so that what they cost is not the server's.
import { setTimeout as sleep } from "node:timers/promises";
import type { Opening, OpenTab } from "./opening.ts";
import { answering, monotonic } from "./answering.ts";
import { Watched } from "./watched.ts";

/** How many are opened at a time. */
const opening = 50;

const tabs: Watched[] = [];

interface Open extends Opening {
  /** The module of the side's client, from bench/. */
  readonly client: string;
  readonly tabs: number;
}

async function open({ client, tabs: wanted, ...where }: Open): Promise<{ readonly tokens: readonly string[] }> {
  const module: { open(where: Opening): Promise<OpenTab> } = await import(
    new URL(`../../${client}`, import.meta.url).href
  );
  for (let left = wanted; left > 0; left -= opening) {
    const some = Array.from({ length: Math.min(left, opening) }, () => module.open(where));
    for (const tab of await Promise.all(some)) tabs.push(new Watched(tab));
  }
  return { tokens: tabs.map(({ token }) => token) };
}

/** Each tab sends its next event as soon as the last one was handled, until all together have sent so many. */
async function load({ events }: { readonly events: number }): Promise<{ readonly seconds: number }> {
  const started = monotonic();
  let left = events;
  const drive = async (tab: Watched): Promise<void> => {
    while (left-- > 0) await tab.step();
  };
  await Promise.all(tabs.map(drive));
  await Promise.all(tabs.map((tab) => tab.settled()));
  return { seconds: (monotonic() - started) / 1_000 };
}

interface Pace {
  /** Events a second, over all tabs. */
  readonly rate: number;
  readonly events: number;
}

/** Sends events at a rate, whether or not the ones before were handled: how long until the copy shows each, in ms. */
async function pace({ rate, events }: Pace): Promise<{ readonly p50: number; readonly p99: number }> {
  for (const tab of tabs) tab.latencies.length = 0;
  const started = monotonic();
  for (let sent = 0; sent < events;) {
    const due = Math.min(events, Math.floor(((monotonic() - started) / 1_000) * rate));
    for (; sent < due; sent++) void tabs[sent % tabs.length]!.step();
    await new Promise(setImmediate);
  }
  await Promise.all(tabs.map((tab) => tab.settled()));
  const all = tabs.flatMap((tab) => tab.latencies).sort((a, b) => a - b);
  return { p50: all[Math.floor(all.length * 0.5)]!, p99: all[Math.floor(all.length * 0.99)]! };
}

/** When the last of the tabs came to show `count`. */
async function arrived({ count }: { readonly count: number }): Promise<{ readonly last: number }> {
  while (tabs.some((tab) => tab.count < count)) await sleep(5);
  return { last: Math.max(...tabs.map((tab) => tab.changedAt)) };
}

/** Has every tab's background task make so many changes. */
async function drive({ way, count }: { readonly way: string; readonly count: number }): Promise<void> {
  await Promise.all(tabs.map((tab) => tab.drive(way, count)));
}

const states = (): readonly unknown[] => tabs.map((tab) => tab.state);

answering({ ready: true }, { open, load, pace, arrived, drive, states });
