import type { Row } from "./row.ts";

const head = ["name", "ours", "peer", "figure", "spread", "goal", "met"];

/** Plain columns: readable in a terminal, a pipe and a text file. */
export function table(rows: readonly Row[]): string {
  const lines = [head, ...rows.map(cells)];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function cells(row: Row): string[] {
  const met = row.met === undefined ? "" : row.met ? "met" : "NOT MET";
  return [row.name, row.ours, row.peer, row.figure, row.spread, row.goal, met];
}
