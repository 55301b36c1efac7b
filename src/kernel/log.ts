export type LogLevel = "debug" | "info" | "warn" | "error";

/** Where log lines go. `fields` are values beside the sentence, `error` among them; a secret is never put there. */
export interface Log {
  (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
}
