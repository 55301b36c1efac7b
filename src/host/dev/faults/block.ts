import { restOf, type Report } from "./fault.ts";

/** Dresses a text for where it is shown; or leaves it as it is. */
export type Paint = (format: "red" | "green" | "yellow" | "cyan" | "bold" | "dim", text: string) => string;

/** A report as the lines of one block, an empty one before and after it. `note` is what follows from it. */
export function blockText(report: Report, note: string, paint: Paint): string {
  const { title, said, where, code, excerpt } = report;
  const { trail, remedy } = restOf(report);
  const head = `${paint("red", `✗ ${title}`)}${code === undefined ? "" : ` ${paint("dim", `[${code}]`)}`}`;
  const above = [
    where === undefined ? "" : paint("cyan", where),
    ...said.split("\n").map((line) => (line === "" ? "" : paint("bold", line))),
  ];
  const frame = excerpt.map((line) => (line.startsWith(">") ? line : paint("dim", line)));
  const below = [...trail.map((line) => paint("dim", line)), remedy ?? "", note === "" ? "" : paint("dim", note)];
  const parts = [above, frame, below].map((lines) => lines.filter((line) => line !== "").map((line) => `  ${line}`));
  const sections = [[head, ...parts[0]!], ...parts.slice(1)].filter((lines) => lines.length > 0);
  return `\n${sections.map((lines) => lines.join("\n")).join("\n\n")}\n\n`;
}
