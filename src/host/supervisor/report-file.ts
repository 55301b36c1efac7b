import { join, parse } from "node:path";

/** Where a worker writes its report: `report.json` is `report.2.json` for the second. */
export function reportFileOf(file: string, place: number): string {
  const { dir, name, ext } = parse(file);
  return join(dir, `${name}.${place}${ext}`);
}
