import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, Connection, Cut } from "../harness/connection.ts";
import { getting } from "../harness/load.ts";

/** Milliseconds after which a request counts as failed. */
const patience = 10_000;

export interface VisitorOptions {
  /** A connection for each request; one for all of them unless said. */
  readonly isFresh?: boolean;
  /** Milliseconds between a failure and the next try. */
  readonly backOff: number;
  /** Each request that comes to nothing: what was seen of it. */
  failed?(reason: string): void;
  /** In place of ten seconds. */
  readonly patience?: number;
}

export interface Visit<T> {
  readonly answer: T;
  /** Milliseconds from asking to the answer; what failed in between was asked again. */
  readonly waited: number;
}

/** Somebody who wants an answer, and asks again until there is one. */
export class Visitor {
  private readonly port: number;
  private readonly options: VisitorOptions;
  private connection: Connection | undefined;
  private isGone = false;

  constructor(port: number, options: VisitorOptions) {
    this.port = port;
    this.options = options;
  }

  async ask<T>(path: string): Promise<Visit<T>> {
    const asked = performance.now();
    const { request } = getting(path, undefined);
    while (!this.isGone) {
      const answer = await this.answered(request);
      if (answer !== undefined) return { answer: JSON.parse(answer) as T, waited: performance.now() - asked };
      await sleep(this.options.backOff);
    }
    throw new Error(`${path} was not answered before the visitor left`);
  }

  leave(): void {
    this.isGone = true;
    this.connection?.close();
  }

  private async answered(request: string): Promise<string | undefined> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Late()), this.options.patience ?? patience);
    try {
      const { status, body } = await Promise.race([this.exchanged(request), late.promise]);
      if (status === 200) return body;
      this.options.failed?.(`status ${status}`);
    } catch (error) {
      this.connection?.close();
      this.options.failed?.(reasonOf(error));
    } finally {
      clearTimeout(timer);
    }
    return undefined;
  }

  private async exchanged(request: string): Promise<Answer> {
    if (this.connection?.open !== true) this.connection = await Connection.open(this.port);
    const { connection } = this;
    const answer = await connection.request(request);
    if (this.options.isFresh === true) connection.close();
    return answer;
  }
}

class Late extends Error {}

function reasonOf(error: unknown): string {
  if (error instanceof Late) return "timed out";
  if (error instanceof Cut) return "cut";
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
