import type { Lifespan, LifespanContext, Needs } from "../../../kernel/lifespan.ts";
import type { Overrides, Root } from "../../../kernel/graph.ts";
import type { World } from "../../../kernel/world.ts";
import { declarationOf, LifespanDeclaration } from "../../../kernel/lifespan.ts";
import { combine } from "../../../kernel/errors.ts";
import { Kept } from "./kept.ts";

/** What is lost is not tried again: the generation ends, and the next one begins it anew. */
const atOnce = { restarts: 0, withinMs: 1 };

export interface KeeperOptions {
  readonly world: World;
  /** A print of a lifespan's own code, by its name; undefined where that cannot be told. */
  print(name: string): string | undefined;
}

/**
 * The lifespans that stay up from one generation to the next: those that ask for it with `keepOnReload`, and what they need.
 * Each generation has a stand-in for each, which brings what is kept, or begins it, in its place in the graph. One stays as
 * long as its name, its own code and all that it needs do; one that changes is closed when the old generation has gone down,
 * before the new one starts.
 */
export class Keeper {
  private readonly options: KeeperOptions;
  /** In the order of their starts: what is needed first. */
  private readonly kept = new Map<string, Kept>();
  /** What the newest generation would keep. */
  private wanted: ReadonlyMap<string, LifespanDeclaration> = new Map();
  private readonly prints = new Map<LifespanDeclaration, string>();
  private readonly identities = new WeakMap<LifespanDeclaration, string>();
  private count = 0;
  private isOver = false;
  /** Of the newest generation: what it did not have to begin. */
  readonly reused = new Set<string>();

  constructor(options: KeeperOptions) {
    this.options = options;
  }

  /** Stand-ins for what the graph of a next generation may keep. */
  readonly overrides = (roots: readonly Root[]): Overrides => {
    const wanted = keepable(roots);
    this.wanted = new Map(Array.from(wanted, (each) => [each.name, each]));
    this.prints.clear();
    this.reused.clear();
    // Now, while the old generation answers, and not while requests wait.
    for (const each of wanted) this.printOf(each);
    return new Map(Array.from(wanted, (each) => [each as Lifespan<unknown>, this.standIn(each)]));
  };

  /** Between two generations: closes what does not stay, dependents first. */
  async settle(): Promise<void> {
    await this.close((name) => !this.stays(name));
  }

  /** From now on what is kept goes down with the generation that uses it. */
  finish(): void {
    this.isOver = true;
  }

  /** Closes whatever is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close(() => true);
  }

  private async close(goes: (name: string) => boolean): Promise<void> {
    const errors: unknown[] = [];
    const going = [...this.kept].filter(([name]) => goes(name));
    for (const [name, kept] of going.toReversed()) {
      this.kept.delete(name);
      await kept.stop().catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw combine(errors, "what was kept did not close cleanly");
  }

  private stays(name: string): boolean {
    const kept = this.kept.get(name);
    const wanted = this.wanted.get(name);
    if (kept?.isUp !== true || wanted === undefined || kept.print !== this.printOf(wanted)) return false;
    const needs = needsOf(wanted);
    return (
      needs.length === kept.needs.length &&
      needs.every((need, i) => this.kept.get(need.name) === kept.needs[i] && this.stays(need.name))
    );
  }

  private standIn(declaration: LifespanDeclaration): LifespanDeclaration {
    // Its limits are its own generation's business.
    const options = { ...declaration.options, startTimeout: Infinity };
    return new LifespanDeclaration(declaration.name, options, (ctx) => this.bring(declaration, ctx));
  }

  private async *bring(declaration: LifespanDeclaration, ctx: LifespanContext<Needs>): AsyncGenerator<unknown, void> {
    const kept = await this.take(declaration, ctx.signal);
    for (const { storage, value } of kept.provided) ctx.provide(storage, value);
    ctx.spawn("kept", ({ signal }) => untilLost(kept, signal), { restart: "transient", intensity: atOnce });
    yield kept.value;
    if (this.isOver) await this.end(declaration.name, kept);
  }

  private async take(declaration: LifespanDeclaration, signal: AbortSignal): Promise<Kept> {
    const { name } = declaration;
    const known = this.kept.get(name);
    if (known !== undefined && this.stays(name)) {
      this.reused.add(name);
      return known;
    }
    const needs = needsOf(declaration).map((need) => this.kept.get(need.name)!);
    const kept = new Kept(declaration, this.printOf(declaration), needs, this.options.world);
    await kept.start(signal);
    this.kept.delete(name);
    this.kept.set(name, kept);
    return kept;
  }

  private async end(name: string, kept: Kept): Promise<void> {
    if (this.kept.get(name) === kept) this.kept.delete(name);
    await kept.stop();
  }

  /** Where the code cannot tell, the declaration itself: the same as long as its module has not run again. */
  private printOf(declaration: LifespanDeclaration): string {
    const known = this.prints.get(declaration);
    if (known !== undefined) return known;
    const print = this.options.print(declaration.name) ?? this.identityOf(declaration);
    this.prints.set(declaration, print);
    return print;
  }

  private identityOf(declaration: LifespanDeclaration): string {
    const identity = this.identities.get(declaration) ?? `declaration ${++this.count}`;
    this.identities.set(declaration, identity);
    return identity;
  }
}

/** Those of a graph that are to be kept, with what they need. */
function keepable(roots: readonly Root[]): Set<LifespanDeclaration> {
  const kept = new Set<LifespanDeclaration>();
  const seen = new Set<LifespanDeclaration>();
  const visit = (needs: Needs, owner: string): void => {
    for (const [key, need] of Object.entries(needs)) {
      const declaration = declarationOf(need, key, owner);
      if (seen.has(declaration)) continue;
      seen.add(declaration);
      if (declaration.options.keepOnReload === true) kept.add(declaration);
      visit(declaration.options.needs ?? {}, declaration.name);
    }
  };
  for (const { owner, needs } of roots) visit(needs, owner);
  // A set may grow while it is walked.
  for (const each of kept) for (const need of needsOf(each)) kept.add(need);
  return kept;
}

function needsOf({ name, options }: LifespanDeclaration): LifespanDeclaration[] {
  return Object.entries(options.needs ?? {}).map(([key, need]) => declarationOf(need, key, name));
}

async function untilLost(kept: Kept, signal: AbortSignal): Promise<void> {
  const stopped = new Promise<undefined>((resolve) =>
    signal.addEventListener("abort", () => resolve(undefined), { once: true }),
  );
  const report = await Promise.race([kept.lost, stopped]);
  if (report !== undefined) throw combine(report.errors, `what was kept has ended by itself`);
}
