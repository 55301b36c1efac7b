import type { ConnectionFacts } from "./context.ts";
import type { SocketRequest } from "./socket.ts";

/** What code learns of a connection. An idle tab has one of these: it holds the headers as one text. */
export class RequestFacts implements ConnectionFacts {
  readonly tab: string;
  readonly session: string;
  readonly url: string;
  private readonly raw: string;

  constructor(tab: string, session: string, request: SocketRequest) {
    this.tab = tab;
    this.session = session;
    this.url = request.url;
    // No header can hold a line's end. Sliced and put together texts would keep what they are made of.
    this.raw = Buffer.from(request.headers.join("\n"), "latin1").toString("latin1");
  }

  /** The request that opened it, as it came. */
  get head(): { readonly url: string; readonly headers: readonly string[] } {
    return { url: this.url, headers: this.raw.split("\n") };
  }

  get headers(): Readonly<Record<string, string>> {
    // Without a prototype: a header may be named like one of its properties.
    const record: Record<string, string> = Object.create(null);
    const raw = this.raw.split("\n");
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const name = raw[i]!.toLowerCase();
      const value = raw[i + 1]!;
      record[name] = name in record ? `${record[name]}${name === "cookie" ? "; " : ", "}${value}` : value;
    }
    return Object.freeze(record);
  }
}
