import type { Engine, EngineWorld } from "../../work/engine.ts";
import type { World } from "../../kernel/world.ts";
import { calendar } from "../calendar.ts";
import { workError } from "../../work/errors.ts";

/** An engine in the hands of one app, worker or client. Whoever needs it waits until it is open. */
export class EngineUse {
  readonly engine: Engine;
  private readonly world: EngineWorld;
  private readonly opened = Promise.withResolvers<Engine>();
  private isOver = false;

  constructor(engine: Engine, { clock, log, random, calendar: given = calendar }: World) {
    this.engine = engine;
    this.world = { clock, log, random, calendar: given };
    this.opened.promise.catch(() => {});
  }

  /** The engine once it is open. Rejects with ENGINE_CLOSED, and with what kept it from opening. */
  readonly whenOpen = (): Promise<Engine> => (this.isOver ? Promise.reject(this.closed()) : this.opened.promise);

  async open(): Promise<void> {
    try {
      await this.engine.open(this.world);
      this.opened.resolve(this.engine);
    } catch (error) {
      this.opened.reject(error);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.end();
    await this.engine.close();
  }

  /** Nobody opens it any more, if nobody has: who still waits is told. */
  end(): void {
    this.isOver = true;
    this.opened.reject(this.closed());
  }

  private closed(): Error {
    return workError("ENGINE_CLOSED", `the engine ${this.engine.where} was used after it had closed.`);
  }
}
