import type { Figures } from "./figures.ts";
import { against, amount, type Goal, ratio, type Row } from "../harness/row.ts";
import { median } from "../harness/sample.ts";

/** One of the figures, as rows tell it. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  of(figures: Figures): number | undefined;
}

export const figureOf = {
  start: { name: "start p50", unit: "ms", of: ({ start }) => start.p50 },
  startLate: { name: "start p99", unit: "ms", of: ({ start }) => start.p99 },
  apart: { name: "start in another process p50", unit: "ms", of: ({ startApart }) => startApart?.p50 },
  apartLate: { name: "start in another process p99", unit: "ms", of: ({ startApart }) => startApart?.p99 },
  result: { name: "result p50", unit: "ms", of: ({ result }) => result?.p50 },
  ten: { name: "drain, 10 slots", unit: "/s", of: ({ ten }) => ten },
  many: { name: "drain, 500 slots", unit: "/s", of: ({ many }) => many },
} as const satisfies Record<string, Figure>;

/** The values of a figure, one a round; undefined where a side does not have it. */
function values({ of }: Figure, rounds: readonly Figures[]): readonly number[] | undefined {
  const all = rounds.map(of).filter((value) => value !== undefined);
  return all.length === rounds.length ? all : undefined;
}

/** Ours beside one peer. */
export function beside(
  name: string,
  figure: Figure,
  sides: { readonly ours: readonly Figures[]; readonly peer: readonly Figures[]; readonly peerName: string },
  goal?: Goal,
): readonly Row[] {
  const ours = values(figure, sides.ours);
  const peer = values(figure, sides.peer);
  if (ours === undefined || peer === undefined) return [];
  const { unit } = figure;
  const label = `${name}: ${figure.name}`;
  return [ratio({ name: label, ours, peer, peerName: sides.peerName, unit, ...(goal && { goal }) })];
}

/** Ours by itself. */
export function alone(name: string, figure: Figure, rounds: readonly Figures[], goal?: Goal): readonly Row[] {
  const ours = values(figure, rounds);
  if (ours === undefined) return [];
  const { unit } = figure;
  const told = { ours: amount(median(ours), unit), peer: "", unit: ` ${unit}` };
  return [against(`${name}: ${figure.name}`, ours, { ...told, ...(goal && { goal }) })];
}
