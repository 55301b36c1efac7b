import type { LifespanContext, Needs } from "../../../kernel/lifespan.ts";
import type { Provided } from "../../../kernel/context.ts";
import type { StopReport } from "../../../kernel/report.ts";
import type { World } from "../../../kernel/world.ts";
import { Generation } from "../../../kernel/generation.ts";
import { LifespanDeclaration } from "../../../kernel/lifespan.ts";
import { LivespanError } from "../../../kernel/errors.ts";

/** What a lifespan has to bring to those who need it. */
export interface Brought {
  readonly value: unknown;
  /** What it gave to `ctx.provide`, and what those it needs did. */
  readonly provided: readonly Provided[];
}

/** A lifespan that outlives the generations that use it: a generation of its own, in which what it needs is given. */
export class Kept implements Brought {
  /** Of what it was made: as long as that stays the same, so does this. */
  readonly print: string;
  readonly needs: readonly Kept[];
  /** Settles when it has ended without being asked to. */
  readonly lost: Promise<StopReport>;
  private readonly declaration: LifespanDeclaration;
  private readonly generation: Generation;

  constructor(kept: LifespanDeclaration, print: string, needs: readonly Kept[], world: World) {
    // Where it may fail that is the business of who uses it: here it comes up, or there is none.
    const declaration = new LifespanDeclaration(kept.name, { ...kept.options, optional: false }, kept.setup);
    this.declaration = declaration;
    this.print = print;
    this.needs = needs;
    const given = Object.values(declaration.options.needs ?? {}).map((need, i) => [need, giving(need.name, needs[i]!)]);
    this.generation = new Generation(
      {
        name: declaration.name,
        roots: [{ owner: "livespan dev", needs: { [declaration.name]: declaration } }],
        overrides: new Map(given as [LifespanDeclaration, LifespanDeclaration][]),
      },
      { ...world, unhandled: ownOnly(world.unhandled) },
    );
    this.lost = this.generation.ended.then((report) =>
      report.cause.kind === "asked" ? new Promise(() => {}) : report,
    );
  }

  get value(): unknown {
    return this.generation.value(this.declaration);
  }
  get provided(): readonly Provided[] {
    return this.generation.graph.component(this.declaration)!.provided;
  }
  get isUp(): boolean {
    return this.generation.ready;
  }

  /** Rejects with what its setup threw. `signal` gives the start up. */
  async start(signal: AbortSignal): Promise<void> {
    const giveUp = (): void => void this.stop().catch(() => {});
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      await this.generation.start();
    } catch (error) {
      signal.throwIfAborted();
      // The generation that it is in says by itself whose start failed.
      throw error instanceof LivespanError && error.code === "START_FAILED" ? error.cause : error;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  async stop(): Promise<void> {
    try {
      await this.generation.stop({ lameDuck: 0 });
    } catch (error) {
      // What ended by itself has said why to whoever used it.
      if ((await this.generation.ended).cause.kind === "asked") throw error;
    }
  }
}

/** A lifespan that brings what another one has. */
function giving(name: string, brought: Brought): LifespanDeclaration {
  return new LifespanDeclaration(name, {}, function* (ctx: LifespanContext<Needs>) {
    for (const { storage, value } of brought.provided) ctx.provide(storage, value);
    yield brought.value;
  });
}

/** An error that nobody can be found for is the app's, not each kept lifespan's as well. */
function ownOnly(unhandled: World["unhandled"]): World["unhandled"] {
  if (unhandled === undefined) return undefined;
  return {
    watch: (fn) =>
      unhandled.watch((error, owner) => {
        if (owner !== undefined) fn(error, owner);
      }),
  };
}
