import { testWorld } from "livespan/testing";
import { redisStore } from "livespan/redis";
import { systemClock } from "../../services/clock.ts";
import { startProxy, type Proxy } from "../../services/proxy.ts";
import { startRedis, type RedisServer } from "../../services/redis.ts";
import { Journal } from "./journal.ts";

/** Milliseconds; short, where a test waits for its end, but longer than a holder that beats may have to wait for its turn. */
export const lease = 2_000;
/** Where none is to end. */
export const long = 30_000;

interface Options {
  readonly timeout?: number;
  readonly persistence?: boolean;
  readonly lease?: number;
}

/** What a store told, beside what it answered. */
class Heard {
  readonly changes: { readonly epoch: string; readonly version: number; readonly told: boolean }[] = [];
  missed = 0;
  private readonly listeners = new Set<() => void>();

  note(): void {
    for (const look of this.listeners) look();
  }

  async until(isSo: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => void (isSo() && resolve());
    this.listeners.add(look);
    look();
    await promise;
    this.listeners.delete(look);
  }
}

/** A store in this process, through the proxy or past it. */
export async function openStore(url: string, stack: AsyncDisposableStack, options: Options) {
  const store = redisStore({ url, ...options });
  const heard = new Heard();
  await store.open({
    ...testWorld({ clock: systemClock }),
    changed: (_place, { epoch, version }, ops) => {
      heard.changes.push({ epoch, version, told: ops !== undefined });
      heard.note();
    },
    missed: () => {
      heard.missed++;
      heard.note();
    },
  });
  stack.defer(async () => store.close());
  return { store, heard, journal: new Journal(store) };
}

type Opened = Awaited<ReturnType<typeof openStore>>;

interface Scene {
  readonly server: RedisServer;
  readonly proxy: Proxy;
  readonly stack: AsyncDisposableStack;
  /** Through the proxy. */
  readonly a: Opened;
  /** Past it. */
  readonly b: Opened;
}

/** Starts a server with a proxy before it, and a store on either side. */
export async function scene(run: (scene: Scene) => Promise<void>, { persistence = false, ...rest }: Options = {}) {
  const options = { lease, ...rest };
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startRedis({ persistence }));
  const proxy = stack.use(await startProxy(server.url));
  const a = await openStore(proxy.url, stack, options);
  const b = await openStore(server.url, stack, options);
  await run({ server, proxy, stack, a, b });
}
