import type { liveErrors } from "../errors.ts";

/** What went wrong, by a stable code of docs/errors.md. The catalogue itself stays on the server. */
export class LiveError extends Error {
  override readonly name = "LiveError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** An error of the client's own; its code is in the catalogue, which the compiler checks and the page does not load. */
export function clientError(code: keyof typeof liveErrors, message: string): LiveError {
  return new LiveError(code, message);
}
