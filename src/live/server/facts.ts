import type { ConnectionFacts } from "./context.ts";
import type { SocketRequest } from "./socket.ts";

/** What code learns of a connection. An idle tab has one of these: it holds what the request held, and no copy. */
export class RequestFacts implements ConnectionFacts {
  readonly tab: string;
  readonly session: string;
  readonly url: string;
  private readonly raw: readonly string[];

  constructor(tab: string, session: string, request: SocketRequest) {
    this.tab = tab;
    this.session = session;
    this.url = request.url;
    this.raw = request.headers;
  }

  get headers(): Readonly<Record<string, string>> {
    // Without a prototype: a header may be named like one of its properties.
    const record: Record<string, string> = Object.create(null);
    for (let i = 0; i + 1 < this.raw.length; i += 2) {
      const name = this.raw[i]!.toLowerCase();
      const value = this.raw[i + 1]!;
      record[name] = name in record ? `${record[name]}${name === "cookie" ? "; " : ", "}${value}` : value;
    }
    return Object.freeze(record);
  }
}
