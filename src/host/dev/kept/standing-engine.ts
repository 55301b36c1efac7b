import type { Engine } from "../../../work/engine.ts";
import type { World } from "../../../kernel/world.ts";
import { calendar } from "../../../app/calendar.ts";

/**
 * The engine that the environment says, open from one generation to the next: to open its file or its connections takes
 * longer than everything else that a reload does. What the app makes for itself is the app's.
 */
export class StandingEngine implements AsyncDisposable {
  private readonly world: World;
  private chosen: Promise<Engine> | undefined;
  private held: Engine | undefined;

  constructor(world: World) {
    this.world = world;
  }

  /** The same for each generation. Rejects with INVALID_DECLARATION for a name that is none. */
  readonly choose = (): Promise<Engine> => {
    return (this.chosen ??= import("../../../work/engines/choose.ts").then(({ chooseEngine }) =>
      chooseEngine(process.env),
    ));
  };

  /** Called while a generation runs, which may have opened it: keeps it open when that goes down. */
  async hold(): Promise<void> {
    const engine = await this.chosen?.catch(() => undefined);
    if (engine === undefined || this.held !== undefined) return;
    const { clock, log, random } = this.world;
    this.held = engine;
    await engine.open({ clock, log, random, calendar: this.world.calendar ?? calendar }).catch(() => {
      // Whoever uses it says so.
      this.held = undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.held?.close();
    this.held = undefined;
  }
}
