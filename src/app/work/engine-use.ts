import type { Engine, EngineWorld } from "../../work/engine.ts";
import type { World } from "../../kernel/world.ts";
import { calendar } from "../calendar.ts";
import { LivespanError } from "../../kernel/errors.ts";
import { EngineRefusal, workError } from "../../work/errors.ts";

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

  /** With `again`, which waits a while, an engine that does not answer is tried until it does or `again` rejects. */
  async open(again?: (error: unknown) => Promise<void>): Promise<void> {
    try {
      while (!(await this.tried(again)));
      this.opened.resolve(this.engine);
    } catch (error) {
      this.opened.reject(error);
      throw error;
    }
  }

  private async tried(again: ((error: unknown) => Promise<void>) | undefined): Promise<boolean> {
    try {
      await this.engine.open(this.world);
      return true;
    } catch (error) {
      if (again === undefined || !mayPass(error)) throw error;
      await again(error);
      return false;
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

/** It does not answer now; one that refuses does so until somebody mends it. */
function mayPass(error: unknown): boolean {
  return error instanceof LivespanError && error.code === "ENGINE_DOWN" && !(error instanceof EngineRefusal);
}
