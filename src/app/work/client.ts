import type { Client } from "../../work/client.ts";
import type { Engine } from "../../work/engine.ts";
import type { Log } from "../../kernel/log.ts";
import type { Runnable } from "../../work/task.ts";
import type { World } from "../../kernel/world.ts";
import { assertOptions } from "../../kernel/lifespan.ts";
import { chooseEngine } from "../../work/engines/choose.ts";
import { EngineUse } from "./engine-use.ts";
import { namesOf } from "./names.ts";
import { nodeWorld } from "../world.ts";
import { textLog } from "../log.ts";
import { WorkClient } from "../../work/client-run.ts";
import { workError } from "../../work/errors.ts";

export interface ClientOptions {
  /** Who keeps the runs. Unless said, the one that the environment names, or else the embedded one. */
  readonly engine?: Engine;
  /** What it is to run; another task is refused. Unless said, whatever is declared. */
  readonly workflows?: readonly Runnable<never, unknown>[];
  /** The largest input, in characters of JSON. 1,048,576 unless said. */
  readonly payloadLimit?: number;
  /** Where log lines go; warnings to standard error unless said. */
  readonly log?: Log;
}

/** A client without an app. Its engine is opened by the first call, and closed by `close` or `await using`. */
export interface OpenClient extends Client, AsyncDisposable {
  close(): Promise<void>;
}

class StandaloneClient extends WorkClient implements OpenClient {
  private readonly connection: Connection;

  constructor(connection: Connection, { workflows = [], payloadLimit }: ClientOptions) {
    const known = namesOf(workflows, []);
    super({ engine: () => connection.open(), clock: connection.world.clock, known, payloadLimit });
    this.connection = connection;
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** An engine that is opened when it is first needed; one that could not be opened is tried again by the next who needs it. */
class Connection {
  readonly world: World;
  private readonly engine: Engine | undefined;
  private opening: Promise<EngineUse> | undefined;
  private closing: Promise<void> | undefined;

  constructor(engine: Engine | undefined, world: World) {
    this.engine = engine;
    this.world = world;
  }

  async open(): Promise<Engine> {
    if (this.closing !== undefined) {
      throw workError("ENGINE_CLOSED", "the client was used after it had been closed.");
    }
    return (await (this.opening ?? this.begin())).whenOpen();
  }

  /** Every caller gets the same promise. */
  close(): Promise<void> {
    return (this.closing ??= this.end());
  }

  private begin(): Promise<EngineUse> {
    const opening = this.opened();
    this.opening = opening;
    // Whoever waits for it is told why; the next one tries again.
    opening.catch(() => (this.opening = undefined));
    return opening;
  }

  private async opened(): Promise<EngineUse> {
    const use = new EngineUse(this.engine ?? (await chooseEngine(process.env)), this.world);
    await use.open();
    return use;
  }

  private async end(): Promise<void> {
    // What was never opened, or could not be, has nothing to close.
    const use = await this.opening?.catch(() => undefined);
    await use?.close();
  }
}

/** A client for programs that have no app: scripts, tests, other frameworks. Opens nothing until it is used. */
export function createClient(options: ClientOptions = {}): OpenClient {
  assertOptions("createClient()", options, ["engine", "workflows", "payloadLimit", "log"]);
  const world = nodeWorld({ log: options.log ?? textLog("warn") });
  return new StandaloneClient(new Connection(options.engine, world), options);
}
