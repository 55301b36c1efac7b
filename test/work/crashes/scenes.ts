import { play, type Scene } from "./play.ts";
import { startPostgres } from "../../services/postgres.ts";
import { startProxy } from "../../services/proxy.ts";

type Size = Pick<Scene, "seed" | "jobs" | "troubles">;

/** The server is killed as by a crash of its machine, and started again. */
export async function playRestarts(size: Size): Promise<string> {
  await using server = await startPostgres();
  return await play({ ...size, url: server.url, strike: () => server.restart() });
}

/** Connections are cut: all at once, or one in the middle of an answer, so that nobody knows whether it was kept. */
export async function playCuts(size: Size): Promise<string> {
  await using server = await startPostgres();
  await using proxy = await startProxy(server.url);
  const throughProxy = new URL(server.url);
  throughProxy.port = new URL(proxy.url).port;
  const strike = async (random: () => number): Promise<void> => {
    if (random() < 0.4) return proxy.cut();
    let left = Math.floor(random() * 20);
    proxy.onReply = () => (left-- === 0 ? "cut" : "pass");
  };
  return await play({ ...size, url: server.url, workersUrl: throughProxy.href, strike });
}
