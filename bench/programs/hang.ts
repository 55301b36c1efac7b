import { type Lifespan, lifespan, open } from "livespan";

const count = 20;
/** Milliseconds that a lifespan has for its stop. */
const limit = 300;

export interface Hang {
  /** Milliseconds of the stop. */
  readonly elapsed: number;
  readonly limit: number;
  /** Whether what the stop rejected with names the one that hung, and no other. */
  readonly named: boolean;
}

/** A chain, so that half of them on average can only go down after the one that hangs. */
function chain(hanging: number): Lifespan<number> {
  let below: Record<string, Lifespan<number>> = {};
  for (let at = 0; at < count; at++) {
    const next = lifespan(name(at), { needs: below, stopTimeout: limit }, async function* () {
      yield at;
      if (at === hanging) await new Promise(() => {});
    });
    below = { [name(at)]: next };
  }
  return below[name(count - 1)]!;
}

function name(at: number): string {
  return `part-${String(at).padStart(2, "0")}`;
}

async function hang(hanging: number): Promise<Hang> {
  const opened = await open({ top: chain(hanging) });
  const began = performance.now();
  const said = await opened[Symbol.asyncDispose]().then(() => "", String);
  const elapsed = performance.now() - began;
  const named = Array.from({ length: count }, (_, at) => at).filter((at) => said.includes(name(at)));
  return { elapsed, limit, named: named.length === 1 && named[0] === hanging };
}

const hangs: Hang[] = [];
for (let hanging = 0; hanging < count; hanging++) hangs.push(await hang(hanging));
console.log(JSON.stringify(hangs));
