/**
 * Whether a response's body is at hand, rather than a stream. Asking the lightweight response of @hono/node-server for its
 * `body` would build the platform's slow one, so this looks where it keeps what it was given; a response without that
 * place is asked, which costs time only.
 */
export class Bodies {
  /** Its name for that place, found on an instance. Make this after `getRequestListener` has put its Response in place. */
  private readonly kept = Object.getOwnPropertySymbols(new Response("")).find(
    ({ description }) => description === "cache",
  );

  /** The body where it is a stream, or undefined where it is whole or there is none. */
  streamOf(response: Response): ReadableStream<Uint8Array> | undefined {
    const kept: unknown = this.kept === undefined ? undefined : Reflect.get(response, this.kept);
    const body: unknown = Array.isArray(kept) ? kept[1] : response.body;
    return body instanceof ReadableStream ? body : undefined;
  }
}

export interface StreamWatch {
  /** The stream failed after its response had begun. */
  failed(error: unknown): void;
  /** The client left; `closing` settles when the stream's source has closed. */
  cancelled(closing: Promise<void>): void;
}

/**
 * Passes chunks on one by one, as they are asked for. A failure is told to `watch` and not passed on, because
 * @hono/node-server would print it to the console.
 */
export function watchedStream(source: ReadableStream<Uint8Array>, watch: StreamWatch): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  let left = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          // A read that was pending when the client left settles by the cancelling, and there is nothing to close.
          if (left) return;
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          watch.failed(error);
          if (!left) controller.close();
        }
      },
      cancel(reason) {
        left = true;
        const closing = reader.cancel(reason);
        watch.cancelled(closing);
        return closing;
      },
    },
    { highWaterMark: 0 },
  );
}
