import { randomUUID } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { Client } from "pg";
import type { Engine, OpenClient } from "livespan/work";
import { createClient } from "livespan/work";
import { engineOf } from "../programs/engine.ts";
import { type Launch, Program } from "../programs/program.ts";
import { query } from "../services/postgres.ts";

/** What a worker's program is told. */
export interface WorkerLaunch extends Launch {
  readonly name?: string;
  readonly worker?: object;
  readonly options?: object;
}

/** What differs from engine to engine. */
interface Parts {
  end(): Promise<void>;
  hold(): Promise<() => Promise<void>>;
  count(): Promise<number>;
}

/** Where runs are kept that several processes share, and a client of it. */
export class Place implements AsyncDisposable {
  readonly client: OpenClient;
  readonly engine: Engine;
  readonly env: NodeJS.ProcessEnv;
  private readonly parts: Parts;

  private constructor(env: NodeJS.ProcessEnv, parts: Parts) {
    this.env = env;
    this.engine = engineOf(env);
    this.client = createClient({ engine: this.engine });
    this.parts = parts;
  }

  /** A file of its own. */
  static async embedded(lease = 15_000): Promise<Place> {
    const folder = await mkdtemp(join(tmpdir(), "livespan-worker-"));
    const file = join(folder, "work.db");
    return new Place(
      { FILE: file, LEASE: String(lease) },
      {
        end: () => rm(folder, { recursive: true, force: true }),
        async hold() {
          const database = new DatabaseSync(file, { timeout: 10_000 });
          database.exec("begin immediate");
          return async () => {
            database.exec("rollback");
            database.close();
          };
        },
        async count() {
          const database = new DatabaseSync(file, { readOnly: true });
          const row = database.prepare("select count(*) as n from workers").get();
          database.close();
          return Number(row?.["n"]);
        },
      },
    );
  }

  /** A schema of its own. */
  static async postgres(url: string, lease = 15_000): Promise<Place> {
    const schema = `w${randomUUID().replaceAll("-", "").slice(0, 12)}`;
    return new Place(
      { DATABASE_URL: url, SCHEMA: schema, LEASE: String(lease) },
      {
        end: async () => void (await query(url, `drop schema if exists ${schema} cascade`)),
        async hold() {
          const holder = new Client({ connectionString: url });
          await holder.connect();
          await holder.query(`begin; lock table ${schema}.workers in access exclusive mode`);
          return () => holder.end();
        },
        async count() {
          const [row] = await query(url, `select count(*)::int as n from ${schema}.workers`);
          return (row as { readonly n: number }).n;
        },
      },
    );
  }

  /** How many workers are registered. */
  workers(): Promise<number> {
    return this.parts.count();
  }

  /** Keeps others from registering, until the returned function is called. */
  lock(): Promise<() => Promise<void>> {
    return this.parts.hold();
  }

  /** A worker as a process of its own. */
  worker({ name = "w", worker = {}, options = {}, env, ...launch }: WorkerLaunch = {}): Program {
    const given = { NAME: name, WORKER: JSON.stringify(worker), OPTIONS: JSON.stringify(options) };
    return Program.run("worker.ts", { env: { ...this.env, ...given, ...env }, ...launch });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.parts.end();
  }
}
