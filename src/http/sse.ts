/** A server-sent event. */
export interface ServerEvent {
  /** A string is sent as it is, anything else as JSON. */
  readonly data?: unknown;
  /** The event's type; "message" when absent. */
  readonly event?: string;
  /** What the client sends back as `Last-Event-ID` when it returns. */
  readonly id?: string;
  /** Milliseconds after which the client is to return once it is cut off. */
  readonly retry?: number;
  /** A line that clients ignore. */
  readonly comment?: string;
}
