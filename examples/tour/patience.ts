import { problem } from "livespan/http";
import type { Reader } from "./reader.ts";

/** More texts than this in front of one's own are a wait that nobody wants. */
const mostWaiting = 16;

/** Refuses a request that would have to wait for long. @throws Problem 503 */
export function assertSoon(reader: Reader): void {
  if (reader.waiting < mostWaiting) return;
  throw problem(503, "Too many texts wait to be read.", { headers: { "retry-after": "2" } });
}
