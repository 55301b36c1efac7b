import type { News } from "../queue/ledger.ts";

/** A notification holds less than 8,000 bytes; and ids are as long as they are. */
const mostBytes = 7_900;
const mostIds = 150;

export function isEmpty(news: News): boolean {
  for (const _ in news) return false;
  return true;
}

/**
 * News as notifications, from whoever is `by`: they hear of it without them. What is too large to be said is said as
 * "anything may have changed".
 */
export function payloadsOf(news: News, by: string | undefined): readonly string[] {
  const { settled = [], ...rest } = news;
  const parts: News[] = isEmpty(rest) ? [] : [rest];
  for (let i = 0; i < settled.length; i += mostIds) parts.push({ settled: settled.slice(i, i + mostIds) });
  const texts = parts.map((part) => JSON.stringify({ by, news: part }));
  return texts.every((text) => Buffer.byteLength(text) < mostBytes) ? texts : [JSON.stringify({ by })];
}

/** What a notification says; undefined: anything may have changed. `by` is who sent it. */
export function newsIn(payload: string): { readonly by?: string; readonly news?: News } {
  // What is on this channel was sent by a ledger of ours.
  return JSON.parse(payload) as { by?: string; news?: News };
}
