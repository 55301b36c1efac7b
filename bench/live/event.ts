import type { Benchmark, Settings } from "../harness/benchmark.ts";
import { interleave } from "../harness/interleave.ts";
import { against, amount, ratio, type Row } from "../harness/row.ts";
import { median } from "../harness/sample.ts";
import { livespan, peerSides, type Side } from "../harness/side.ts";
import { ask, Stage } from "../harness/stage.ts";
import { Verdicts } from "../harness/verdict.ts";

const tabs = 16;
/** Events a second that the tabs' process can send without being what is measured. */
const fastest = 12_000;

interface Handled {
  /** Microseconds of the server's CPU for each event. */
  readonly cpu: number;
  /** Milliseconds until the page shows it, at half of what the server could do. */
  readonly p50: number;
  readonly p99: number;
}

interface Amounts {
  /** Seconds of each of the two measured parts. */
  readonly seconds: number;
  /** Events after which code no longer gets faster. */
  readonly warm: number;
}

/** Two seconds at most, for those who handle few. Settles with the events, and with how many a second came last. */
async function warmUp(load: (events: number) => Promise<{ readonly seconds: number }>, most: number) {
  const portion = Math.ceil(most / 20);
  const began = performance.now();
  for (let events = portion; ; events += portion) {
    const { seconds } = await load(portion);
    if (events >= most || performance.now() - began > 2_000) return { events, rate: portion / seconds };
  }
}

/** Warms the server up, then lets all tabs send as fast as they are answered, and then at half of that. */
async function handled(side: Side, { seconds, warm }: Amounts, verdicts: Verdicts): Promise<Handled> {
  return await Stage.set(side, { board: "small", tabs }, async (stage) => {
    const load = (events: number) => ask<{ seconds: number }>(stage.tabs, { ask: "load", events });
    const warmed = await warmUp(load, warm);
    const events = Math.ceil(warmed.rate * seconds);
    const before = await ask<{ cpu: number }>(stage.server, { ask: "usage" });
    await load(events);
    const after = await ask<{ cpu: number }>(stage.server, { ask: "usage" });
    const cpu = (after.cpu - before.cpu) / events;
    const rate = Math.min(fastest, 500_000 / cpu);
    const paced = Math.ceil(rate * seconds);
    const seen = await ask<{ p50: number; p99: number }>(stage.tabs, { ask: "pace", rate, events: paced });
    verdicts.add(side.name, await stage.verdict(warmed.events + events + paced));
    return { cpu, ...seen };
  });
}

function rows(ours: readonly Handled[], peers: Readonly<Record<string, readonly Handled[]>>): readonly Row[] {
  const cpu = ours.map((round) => round.cpu);
  const p99 = ours.map((round) => round.p99);
  const told = (values: readonly number[], unit: string) => ({
    ours: amount(median(values), unit),
    peer: "",
    unit: ` ${unit}`,
  });
  return [
    against("live-event", cpu, { ...told(cpu, "us"), goal: { most: 40 } }),
    against("live-event, p99 at half load", p99, { ...told(p99, "ms"), goal: { most: 2 } }),
    ...Object.entries(peers).flatMap(([peerName, rounds]) => [
      ratio({ name: "live-event", ours: cpu, peer: rounds.map((round) => round.cpu), peerName, unit: "us" }),
      ratio({
        name: "live-event, p99 at half load",
        ours: p99,
        peer: rounds.map((round) => round.p99),
        peerName,
        unit: "ms",
      }),
    ]),
  ];
}

export const event: Benchmark = {
  name: "live-event",
  about: "server CPU for each event of a tab over its socket, and how late a page shows it at half load",
  rounds: 3,
  needs: ["npm", "python"],
  async run({ rounds, quick, peers }: Settings) {
    const verdicts = new Verdicts();
    const amounts = quick ? { seconds: 0.02, warm: 100 } : { seconds: 0.8, warm: 20_000 };
    const sides = [livespan, ...peerSides(peers)];
    const all = await interleave(
      rounds,
      Object.fromEntries(sides.map((side) => [side.name, () => handled(side, amounts, verdicts)])),
    );
    const { [livespan.name]: ours = [], ...others } = all;
    return [...rows(ours, others), verdicts.row("live-event")];
  },
};
