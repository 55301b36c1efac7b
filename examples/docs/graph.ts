import { lifespan, open } from "livespan";

const config = lifespan("config", function* () {
  yield { url: "postgres://127.0.0.1/app", cacheSize: 100 };
});

// cache and database need only config: they start at the same time, and stop at the same time.
const database = lifespan("database", { needs: { config }, startTimeout: 10_000 }, async function* ({ lifespan }) {
  const connection = { url: lifespan.config.url, closed: false, find: async (id: number) => `row ${id}` };
  yield connection;
  connection.closed = true;
});

const cache = lifespan("cache", { needs: { config } }, function* ({ lifespan }) {
  yield new Map<number, string>([[lifespan.config.cacheSize, "room"]]);
});

// Both are up before this runs, and go down after it.
export const repository = lifespan("repository", { needs: { database, cache } }, function* ({ lifespan }) {
  yield { find: async (id: number) => lifespan.cache.get(id) ?? (await lifespan.database.find(id)) };
});

export async function firstRow(): Promise<string> {
  const opened = await open({ repository });
  try {
    return await opened.lifespan.repository.find(1);
  } finally {
    await opened.stop();
  }
}
