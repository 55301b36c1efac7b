import type { Clock } from "../../kernel/clock.ts";
import { refuse, type Reply } from "./reply.ts";

/** Requests that wait for a program to be attached; each gets a 503 when its time is up. */
export class Hold {
  private readonly clock: Clock;
  private readonly limit: number;
  private readonly waiting = new Map<Reply, () => void>();

  constructor(clock: Clock, limit: number) {
    this.clock = clock;
    this.limit = limit;
  }

  add(reply: Reply): void {
    const cancel = this.clock.after(this.limit, () => {
      this.waiting.delete(reply);
      refuse(reply, 503, "Nothing serves here at the moment.");
    });
    this.waiting.set(reply, cancel);
    reply.once("close", () => this.take(reply));
  }

  /** Hands all that still wait to `serve`, in the order they came. */
  release(serve: (reply: Reply) => void): void {
    for (const reply of this.waiting.keys()) {
      this.take(reply);
      serve(reply);
    }
  }

  private take(reply: Reply): void {
    this.waiting.get(reply)?.();
    this.waiting.delete(reply);
  }
}
