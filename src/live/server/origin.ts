import type { LivespanError } from "../../kernel/errors.ts";
import type { Limits } from "./limits.ts";
import { liveError } from "../errors.ts";
import { headerOf, type SocketRequest } from "./socket.ts";

/**
 * Why a page may not connect, or undefined. A browser sends cookies along with every socket, whatever page asks for it, but
 * always says which page that is; what says nothing is no browser, and has no cookies that it was not given.
 */
export function originRefusal(request: SocketRequest, { origins, forwardedHost }: Limits): LivespanError | undefined {
  const origin = headerOf(request, "origin");
  if (origin === undefined || origins.includes(origin)) return undefined;
  const forwarded = forwardedHost ? headerOf(request, "x-forwarded-host")?.split(",", 1)[0]!.trim() : undefined;
  const host = forwarded ?? headerOf(request, "host") ?? "";
  if (isSameHost(origin, host)) return undefined;
  return liveError(
    "ORIGIN_REFUSED",
    `A page of ${JSON.stringify(origin)} tried to connect to ${JSON.stringify(host)}.`,
  );
}

/** Compared as a browser writes them: lower case, and without the scheme's own port. */
function isSameHost(origin: string, host: string): boolean {
  const page = URL.parse(origin);
  if (page === null || page.host === "") return false;
  return URL.parse(`${page.protocol}//${host}`)?.host === page.host;
}
