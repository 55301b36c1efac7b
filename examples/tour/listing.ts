import { z } from "zod";
import type { Document } from "./document.ts";

/** Which of the documents, in what order, and which page of them. */
export const listing = z.object({
  query: z.string().max(200).default("").describe("Words that the title, the path or the keywords have."),
  sort: z.enum(["title", "modified", "words", "sentiment", "ease"]).default("title"),
  order: z.enum(["up", "down"]).default("up"),
  page: z.coerce.number().int().min(1).default(1),
  size: z.coerce.number().int().min(1).max(100).default(20),
});

export interface Page<D> {
  readonly items: D[];
  readonly page: number;
  readonly pages: number;
  readonly total: number;
}

export function pageOf<D extends Document>(documents: Iterable<D>, asked: z.infer<typeof listing>): Page<D> {
  const { query, sort, order, page, size } = asked;
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = Array.from(documents).filter((each) => hasAll(each, words));
  found.sort((a, b) => (order === "up" ? 1 : -1) * (compare(a[sort], b[sort]) || compare(a.path, b.path)));
  const items = found.slice((page - 1) * size, page * size);
  return { items, page, pages: Math.ceil(found.length / size), total: found.length };
}

function hasAll({ title, path, keywords }: Document, words: readonly string[]): boolean {
  const text = [title, path, ...keywords.map(({ word }) => word)].join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}

/** What has no value comes first. */
function compare(a: string | number | null, b: string | number | null): number {
  if (typeof a === "string" && typeof b === "string") return a.localeCompare(b, "en");
  return Number(a ?? -Infinity) - Number(b ?? -Infinity) || 0;
}
