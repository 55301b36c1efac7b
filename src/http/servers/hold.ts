import type { Clock } from "../../kernel/clock.ts";
import { type Exchange, refuse } from "./exchange.ts";

/** Requests that wait for a program to be attached; each gets a 503 when its time is up. */
export class Hold {
  private readonly clock: Clock;
  private readonly limit: number;
  private readonly waiting = new Map<Exchange, () => void>();

  constructor(clock: Clock, limit: number) {
    this.clock = clock;
    this.limit = limit;
  }

  add(exchange: Exchange): void {
    const cancel = this.clock.after(this.limit, () => {
      this.waiting.delete(exchange);
      refuse(exchange, 503, "Nothing serves here at the moment");
    });
    this.waiting.set(exchange, cancel);
    exchange.once("close", () => this.take(exchange));
  }

  /** Hands all that still wait to `serve`, in the order they came. */
  release(serve: (exchange: Exchange) => void): void {
    for (const exchange of [...this.waiting.keys()]) {
      this.take(exchange);
      serve(exchange);
    }
  }

  private take(exchange: Exchange): void {
    this.waiting.get(exchange)?.();
    this.waiting.delete(exchange);
  }
}
