import type { App } from "../../app/app.ts";
import type { LivespanError } from "../../kernel/errors.ts";
import type { ServeOptions } from "../serve.ts";
import { DevServer } from "./server.ts";
import { Keeper } from "./keeper.ts";
import { Listening } from "../listen.ts";
import { logScreen } from "./screen.ts";
import { messageOf } from "../../kernel/errors.ts";
import { processUnhandled } from "../unhandled.ts";
import { ProcessLife } from "../life.ts";
import { settingsOf } from "../settings.ts";
import { steady, textLog } from "../../app/log.ts";
import { nodeWorld, systemClock } from "../../app/world.ts";
import { viteCode } from "./vite.ts";

export interface DevelopOptions {
  /** The file that exports the app: an absolute path. */
  readonly entry: string;
  /** @throws LivespanError when the module has no app. */
  appFrom(module: Readonly<Record<string, unknown>>): App<unknown>;
  /** What is said of an error that loading the entry threw. */
  unreadable(error: unknown): LivespanError;
  readonly serve: ServeOptions;
}

/** Runs the newest code of an app as this process. @throws LivespanError DEV_PEER, and for options that do not fit. */
export async function develop({ entry, appFrom, unreadable, serve }: DevelopOptions): Promise<ProcessLife> {
  const settings = settingsOf(serve);
  const log = steady(settings.log ?? textLog("info"));
  const code = await viteCode({
    entry,
    root: process.cwd(),
    events: { changed: (files) => server.changed(files) },
    log,
    clock: systemClock,
  });
  const world = nodeWorld({ log, unhandled: processUnhandled });
  const keeper = new Keeper({ world, print: (lifespan) => code.print(lifespan) });
  const between = (): Promise<void> =>
    keeper.settle().catch((error: unknown) => log("error", messageOf(error), { error }));
  const { pages } = code;
  const options = { overrides: keeper.overrides, pages: pages.source };
  const outlasting = { options, between, companion: pages };
  const listening = new Listening({ ...settings.listen, unhandled: processUnhandled }, log, {}, outlasting);
  const server = new DevServer({
    code,
    appFrom,
    unreadable,
    listening,
    keeper,
    screen: logScreen(log),
    clock: systemClock,
  });
  const life = new ProcessLife({ ...settings, tree: false, cutsThreads: true }, log, server);
  life.begin();
  return life;
}
