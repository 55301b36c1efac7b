import type { App } from "../../app/app.ts";
import type { EnvFiles } from "../env-files.ts";
import type { ServeOptions } from "../serve.ts";
import { DevServer } from "./server.ts";
import { HangWatch } from "./hangs/hang-watch.ts";
import { Keeper } from "./kept/keeper.ts";
import { Leftovers } from "./process/leftovers.ts";
import { Listening } from "../listen.ts";
import { logScreen, TerminalScreen } from "./faults/screen.ts";
import { messageOf } from "../../kernel/errors.ts";
import { ProcessLife } from "../life.ts";
import { settingsOf } from "../settings.ts";
import { steady } from "../../app/log.ts";
import { nodeWorld, systemClock } from "../../app/world.ts";
import { StandingEngine } from "./kept/standing-engine.ts";
import { shownFile } from "./faults/place.ts";
import { OwnProcess } from "./process/own-process.ts";
import { viteCode } from "./modules/vite.ts";

export interface DevelopOptions {
  /** The file that exports the app: an absolute path. */
  readonly entry: string;
  /** @throws LivespanError when the module has no app. */
  appFrom(module: Readonly<Record<string, unknown>>): App<unknown>;
  /** Read; they are read again when they change. */
  readonly env: EnvFiles;
  /** Milliseconds that code may hold the event loop. 0 for no limit. */
  readonly hangLimit: number;
  readonly serve: ServeOptions;
}

/** Milliseconds that what is in hand may take: whoever saves waits for it. Over what the app says nothing. */
const drain = 2_000;
/** Milliseconds: requests wait for a start as long as that takes. What does not come to its end is given up by the next save. */
const holdTimeout = 2 ** 31 - 1;

/** Runs the newest code of an app as this process. @throws LivespanError DEV_PEER, and for options that do not fit. */
export async function develop({ entry, appFrom, env, hangLimit, serve }: DevelopOptions): Promise<ProcessLife> {
  const settings = settingsOf(serve);
  const screen = settings.json ? logScreen(settings.log!) : new TerminalScreen(shownFile(entry));
  const log = steady(screen.log);
  const clock = systemClock;
  const events = { changed: (files: readonly string[]) => server.changed(files) };
  const code = await viteCode({ entry, root: process.cwd(), env, events, log, clock });
  const own = new OwnProcess({
    unhandled: (error, isReplaced) => screen.stray(error, isReplaced),
    exited: (error) => server.exited(error),
    isLeaving: () => server.isLeaving,
  });
  const hangs = new HangWatch({ limit: hangLimit, hung: (error) => server.hung(error) });
  const unhandled = hangs.learnFrom(own.unhandled);
  const world = hangs.world(nodeWorld({ log, unhandled }));
  const print = (lifespan: string): string | undefined => {
    const own = code.print(lifespan);
    return own && own + env.print;
  };
  const keeper = new Keeper({ world, print });
  const engine = new StandingEngine(world, () => env.print);
  const between = async (): Promise<void> => {
    for (const each of [keeper, engine]) {
      await each.settle().catch((error: unknown) => log("error", messageOf(error), { error }));
    }
  };
  const { pages } = code;
  const options = { overrides: keeper.overrides, pages: pages.source, chosenEngine: engine.choose, staysSealed: true };
  const outlasting = { options, between, companion: pages, guard: hangs };
  const listening = new Listening({ ...settings.listen, holdTimeout, unhandled }, log, { drain }, outlasting);
  const leftovers = new Leftovers(log, () => listening.connections);
  const overlay = pages;
  const server = new DevServer({ code, appFrom, listening, keeper, engine, hangs, leftovers, screen, overlay, clock });
  const life = new ProcessLife({ ...settings, tree: serve.tree ?? false, cutsThreads: true }, log, server);
  await hangs.begin();
  life.begin();
  void life.ended.then(() => {
    own[Symbol.dispose]();
    return hangs[Symbol.asyncDispose]();
  });
  return life;
}
