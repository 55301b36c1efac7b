/** One change, and the text of it that a page would be sent. */
type Cycle = () => Promise<string>;

export interface Cycles {
  /** Changes that one core makes in a second of CPU. */
  readonly perSecond: number;
  /** Copies that are not what the server has, after they were given a thousand of the texts. */
  readonly divergent: number;
}

/** Microseconds of this process's CPU, user and system. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function many(cycle: Cycle, until: () => boolean): Promise<number> {
  let made = 0;
  for (; !until(); made += 100) for (let one = 0; one < 100; one++) await cycle();
  return made;
}

/** Makes changes for so many seconds of CPU, after as many to warm up, and prints how fast; then checks a copy. */
export async function timedCycles(seconds: number, cycle: Cycle, isFollowed: () => Promise<boolean>): Promise<void> {
  const time = () => {
    const end = cpu() + seconds * 1e6;
    return () => cpu() >= end;
  };
  await many(cycle, time());
  const before = cpu();
  const made = await many(cycle, time());
  const perSecond = (made / (cpu() - before)) * 1e6;
  console.log(JSON.stringify({ perSecond, divergent: (await isFollowed()) ? 0 : 1 } satisfies Cycles));
}
