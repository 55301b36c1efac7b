import type { Engine, Enqueued, RunRequest, Transaction } from "livespan/work";

/** An engine that keeps what it is asked for, and runs nothing: what a client sends is looked at, not what becomes of it. */
export class Recorder implements Engine {
  readonly name = "recorder";
  readonly where = "recorder";
  readonly isShared = false;
  readonly requests: RunRequest[] = [];
  readonly transactions: (Transaction | undefined)[] = [];
  opened = 0;
  closed = 0;

  async open(): Promise<void> {
    this.opened++;
  }
  async close(): Promise<void> {
    this.closed++;
  }
  async enqueue(requests: readonly RunRequest[], transaction?: Transaction): Promise<readonly Enqueued[]> {
    this.requests.push(...requests);
    this.transactions.push(transaction);
    return requests.map(({ id }) => ({ id, existing: false }));
  }

  get last(): RunRequest {
    const request = this.requests.at(-1);
    if (request === undefined) throw new Error("nothing was asked for");
    return request;
  }

  readonly result = nothing;
  readonly list = nothing;
  readonly cancel = nothing;
  readonly replay = nothing;
  readonly emit = nothing;
  readonly cron = nothing;
  readonly crons = nothing;
  readonly removeCron = nothing;
  readonly workers = nothing;
  readonly chunks = nothing;
  readonly progress = nothing;
  readonly station = nothing;
}

function nothing(): never {
  throw new Error("the recorder only keeps what is enqueued");
}
