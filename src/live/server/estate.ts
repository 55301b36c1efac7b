import type { Connections } from "./connections.ts";
import type { LineMemory } from "./line.ts";
import type { Live } from "./live.ts";
import type { Log } from "../../kernel/log.ts";
import type { Place } from "./store.ts";
import type { StateDeclaration } from "./state.ts";
import { type MemoryContents, MemoryStore } from "./stores/memory.ts";
import { misfitOf } from "./fit.ts";

/** A tab that a program has had, as the next one needs to know it. */
interface LeftTab {
  readonly token: string;
  readonly session: string;
  readonly copyOf: string | undefined;
  readonly line: LineMemory | undefined;
}

/** What a program leaves to the one that takes its place in this process: what would go with its memory store. */
export interface Estate {
  readonly tabs: readonly LeftTab[];
  readonly contents: MemoryContents;
  /** What the states began as that the contents are of, by name. */
  readonly firsts: ReadonlyMap<string, object>;
}

export interface Heir {
  readonly live: Live;
  readonly connections: Connections;
  readonly states: readonly StateDeclaration[];
  readonly log: Log;
}

/** Empties the memory store. Undefined with another one: what that keeps is there for the next program anyway. */
export function leave({ live, connections, states }: Heir, before: Estate["firsts"] = new Map()): Estate | undefined {
  if (!(live.store instanceof MemoryStore)) return undefined;
  const tabs = Array.from(live.allTabs, (tab) => {
    const { token, session, copyOf } = tab;
    return { token, session, copyOf, line: connections.memoryOf(tab) };
  });
  // Those that this program did not have may come back with the next.
  const firsts = new Map([...before, ...states.map(({ name, initial }) => [name, initial] as const)]);
  return { tabs, contents: live.store.empty(), firsts };
}

/** Goes on with what the program before has left. What no longer fits begins anew, and says why. */
export function inherit({ live, connections, states, log }: Heir, { tabs, contents, firsts }: Estate): void {
  if (!(live.store instanceof MemoryStore)) {
    return log(
      "warn",
      `The states of the memory store are not taken over: the app has the store "${live.store.name}".`,
    );
  }
  const reasons = new Map<string, number>();
  const now = new Map(states.map(({ name, initial }) => [name, initial]));
  const fits = (place: Place, value: object): boolean => {
    const [before, first] = [firsts.get(place.state), now.get(place.state)];
    const change = before && first && misfitOf(value, before, first);
    if (change === undefined) return true;
    const why = `State "${place.state}" began anew: ${change}.`;
    live.beganAnew(place, why);
    reasons.set(why, (reasons.get(why) ?? 0) + 1);
    return false;
  };
  live.store.adopt(contents, fits);
  for (const { token, session, copyOf, line } of tabs) {
    const tab = live.resume(token, session, copyOf);
    if (line !== undefined) connections.remember(tab, line);
  }
  for (const [why, places] of reasons) log("warn", why, { places });
}
