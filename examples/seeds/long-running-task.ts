// Reflex, "Lifespan Tasks": a task that polls one API and pushes to another for as long as the server runs.
import { createApp, lifespan, lifespanTask } from "livespan";

interface Update {
  readonly from: number;
  readonly sequence: number;
}

/** An API whose every poll finds one update more. */
class SomeApi {
  readonly #id: number;
  #sequence = 0;
  #closed = false;

  constructor(id: number) {
    this.#id = id;
  }

  async pollForUpdates(): Promise<readonly Update[]> {
    if (this.#closed) throw new Error("SomeApi was polled after it had been closed");
    return [{ from: this.#id, sequence: ++this.#sequence }];
  }

  close(): void {
    this.#closed = true;
  }
}

/** What the updates are pushed to. */
export class OtherApi {
  readonly changes: (Update & { readonly by: string })[] = [];

  async pushChanges(updates: readonly Update[], by: string): Promise<void> {
    this.changes.push(...updates.map((update) => ({ ...update, by })));
  }
}

export const otherApi = lifespan("other-api", function* () {
  yield new OtherApi();
});

interface Arguments {
  readonly foo: number;
  readonly bar: string;
}

export const longRunningTask = lifespanTask(
  "long-running-task",
  { needs: { otherApi } },
  async ({ lifespan, sleep }, { foo, bar }: Arguments) => {
    console.log(`Starting ${foo} ${bar} task`);
    const someApi = new SomeApi(foo);
    try {
      for (;;) {
        const updates = await someApi.pollForUpdates();
        await lifespan.otherApi.pushChanges(updates, bar);
        await sleep(5_000);
      }
    } finally {
      // Reached when the server shuts down, which cuts the sleep short.
      someApi.close();
      console.log("Task was stopped");
    }
  },
);

export const app = createApp({ lifespan: { otherApi } });

app.registerLifespanTask(longRunningTask, { foo: 42, bar: process.env["BAR_PARAM"] ?? "bar" });

app.get("/changes", ({ lifespan }) => lifespan.otherApi.changes);

export default app;
