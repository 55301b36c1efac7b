import type { Engine } from "../../../work/engine.ts";
import type { World } from "../../../kernel/world.ts";
import { calendar } from "../../../app/calendar.ts";

/**
 * The engine that the environment says, open from one generation to the next: to open its file or its connections takes
 * longer than everything else that a reload does. Another environment may say another one. What the app makes for itself is
 * the app's.
 */
export class StandingEngine implements AsyncDisposable {
  private readonly world: World;
  private readonly environment: () => string;
  private chosen: { readonly engine: Promise<Engine>; readonly by: string } | undefined;
  private held: Engine | undefined;

  /** `environment` says what has changed of it. */
  constructor(world: World, environment: () => string) {
    this.world = world;
    this.environment = environment;
  }

  /** The same for each generation, in the same environment. Rejects with INVALID_DECLARATION for a name that is none. */
  readonly choose = (): Promise<Engine> => {
    const by = this.environment();
    if (this.chosen?.by !== by) {
      const engine = import("../../../work/engines/choose.ts").then(({ chooseEngine }) => chooseEngine(process.env));
      this.chosen = { engine, by };
    }
    return this.chosen.engine;
  };

  /** Called while a generation runs, which may have opened it: keeps it open when that goes down. */
  async hold(): Promise<void> {
    const engine = await this.newest();
    if (engine === undefined || this.held !== undefined) return;
    const { clock, log, random } = this.world;
    this.held = engine;
    await engine.open({ clock, log, random, calendar: this.world.calendar ?? calendar }).catch(() => {
      // Whoever uses it says so.
      this.held = undefined;
    });
  }

  /** Between two generations: closes the one that is no longer chosen. */
  async settle(): Promise<void> {
    if (this.held !== (await this.newest())) await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { held } = this;
    this.held = undefined;
    await held?.close();
  }

  private async newest(): Promise<Engine | undefined> {
    return this.chosen?.engine.catch(() => undefined);
  }
}
