import type { Connection } from "./connection.ts";
import { declarationOf } from "./declared.ts";
import { hatchetName } from "./names.ts";
import { isOf, type Shape } from "./shape.ts";

/** Workflows whose names have a name in them. */
const namesAtMost = 200;

/** What Hatchet has been told of: it takes a run of a workflow that it does not know without a word, and never runs it. */
export class Workflows {
  private readonly connection: () => Connection;
  /** What this process has told, or seen to be there (undefined), by the names there. */
  private readonly there = new Map<string, Shape | undefined>();
  private telling: Promise<void> = Promise.resolve();

  constructor(connection: () => Connection) {
    this.connection = connection;
  }

  /** Each once. @throws LivespanError ENGINE_DOWN, ENGINE_UNSUPPORTED */
  async tell(shapes: readonly Shape[]): Promise<void> {
    await this.inTurn(async () => {
      const names = shapes.map((shape) => hatchetName(this.connection().address.namespace, shape.of));
      const fresh = shapes.filter((shape, i) => JSON.stringify(shape) !== JSON.stringify(this.there.get(names[i]!)));
      await Promise.all(fresh.map((shape) => this.put(shape)));
    });
  }

  /** Tells what a run is asked for with, unless a worker has told of it. */
  async see(shape: Shape): Promise<void> {
    await this.inTurn(() => this.seeNow(shape));
  }

  private async inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.telling.then(work);
    this.telling = done.catch(() => undefined);
    await done;
  }

  private async put(shape: Shape): Promise<void> {
    const { address, sdk } = this.connection();
    const declaration = declarationOf(shape, { namespace: address.namespace, sdk });
    await this.connection().call("a declaration", ({ admin }, signal) => admin.putWorkflow(declaration, { signal }));
    this.there.set(declaration.name, shape);
  }

  private async seeNow(shape: Shape): Promise<void> {
    const name = hatchetName(this.connection().address.namespace, shape.of);
    const known = this.there.get(name);
    if (known === undefined && this.there.has(name)) return;
    if (known !== undefined && isOf(shape, known)) return;
    if (known === undefined && (await this.isThere(name))) return void this.there.set(name, undefined);
    await this.put(shape);
  }

  private async isThere(name: string): Promise<boolean> {
    const { tenant } = this.connection();
    const { data } = await this.connection().call("a workflow", ({ api }, signal) =>
      api.workflowList(tenant, { name, limit: namesAtMost }, { signal }),
    );
    return (data.rows ?? []).some((row) => row.name === name);
  }
}
