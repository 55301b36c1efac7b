import { Program } from "./program.ts";

/** What the load generator is told to do. */
export interface Load {
  readonly port: number;
  /** The request as it goes over the wire. */
  readonly request: string;
  /** The JSON that has to come back. */
  readonly expect: unknown;
  readonly connections: number;
  readonly requests: number;
}

export interface Job {
  readonly request: string;
  readonly expect: unknown;
}

export function getting(path: string, expect: unknown): Job {
  return { request: `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`, expect };
}

export function posting(path: string, value: unknown, expect: unknown): Job {
  const body = JSON.stringify(value);
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json`;
  return { request: `${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`, expect };
}

/** The load generator: a process of its own, so that what it costs is not the server's. */
export function loadGenerator(): Program {
  return new Program("programs/load.ts");
}

export async function drive(generator: Program, load: Load): Promise<{ readonly seconds: number }> {
  return await generator.ask(load);
}

/** The server's CPU time for each request, in microseconds. */
export async function cpuPerRequest(generator: Program, server: Program, load: Load): Promise<number> {
  const before = await server.ask<{ cpu: number }>("cpu");
  await drive(generator, load);
  const after = await server.ask<{ cpu: number }>("cpu");
  return (after.cpu - before.cpu) / load.requests;
}
