import type { Intake, Leftover } from "../kernel/intake.ts";

/** Requests that come without a socket, by `app.fetch`. */
export class InProcessRequests implements Intake {
  readonly name = "fetch";
  private readonly opening: () => void;
  private closed = false;
  private inHand = 0;
  private readonly streams = new Set<(reason: unknown) => Promise<void>>();
  private idle: (() => void) | undefined;

  /** `opening` is called when every lifespan is up; what it throws fails the start. */
  constructor(opening: () => void) {
    this.opening = opening;
  }

  get isOpen(): boolean {
    return !this.closed;
  }

  open(): void {
    this.opening();
  }

  /** Counts the request until its answer is there, and again while the answer's body is being read. */
  async run(answer: () => Response | Promise<Response>): Promise<Response> {
    this.inHand++;
    try {
      return this.counted(await answer());
    } finally {
      this.finish();
    }
  }

  close(): void {
    this.closed = true;
  }

  async drained(): Promise<void> {
    if (this.inHand > 0) await new Promise<void>((resolve) => (this.idle = resolve));
  }

  async abort(reason: unknown): Promise<readonly Leftover[]> {
    const count = this.inHand;
    for (const cut of this.streams) cut(reason).catch(() => {});
    await this.drained();
    return [{ kind: "in-flight", count }];
  }

  private finish(): void {
    if (--this.inHand === 0) this.idle?.();
  }

  /** From the first look at the body to its end: one that nobody reads holds up nothing. Streams of events see to that. */
  private counted(response: Response): Response {
    const { body } = response;
    if (body === null || response.headers.get("content-type") === "text/event-stream") return response;
    const reader = body.getReader();
    let controller: ReadableStreamDefaultController<Uint8Array>;
    const cut = async (reason: unknown): Promise<void> => {
      end();
      // So that it is not taken for a whole one; nothing happens where it is the reader who leaves.
      controller.error(reason);
      await reader.cancel(reason);
    };
    const end = (): void => {
      if (this.streams.delete(cut)) this.finish();
    };
    const start = (made: ReadableStreamDefaultController<Uint8Array>): void => void (controller = made);
    const pull = async (): Promise<void> => {
      if (!this.streams.has(cut)) {
        this.streams.add(cut);
        this.inHand++;
      }
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        controller.close();
        end();
      } catch (error) {
        end();
        throw error;
      }
    };
    return new Response(new ReadableStream({ start, pull, cancel: cut }, { highWaterMark: 0 }), response);
  }
}
