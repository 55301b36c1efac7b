import { existsSync } from "node:fs";
import type { App } from "../../app/app.ts";
import type { DeclaredCheck } from "./declared.ts";
import type { Engine } from "../../work/engine.ts";
import { apartText } from "../../host/supervisor/apart.ts";
import { appError } from "../../app/errors.ts";
import type { AppRun } from "../../app/run.ts";
import { assertReact } from "../../app/pages/entries.ts";
import { builtManifest } from "../../app/pages/sources/built.ts";
import { changedSources } from "../../app/build/freshness.ts";
import { chooseEngine } from "../../work/engines/choose.ts";
import { cliError } from "../errors.ts";
import { declaresDurable } from "../../app/assembly.ts";
import { entriesOf, statesOf } from "../../app/pages/pages.ts";
import { liveError } from "../../live/errors.ts";
import { pagesSettings, type PagesSettings } from "../../app/pages/settings.ts";
import { type Problem, problemFrom, problemOf } from "./problem.ts";
import { readManifest } from "../../app/build/manifest.ts";
import { shownPath } from "../entry.ts";
import { workError } from "../../work/errors.ts";

/** Who keeps the runs, and who said so; undefined for an app that has none. */
export async function engineOf(
  app: App<unknown>,
  { workers, assembly }: DeclaredCheck,
): Promise<{ readonly engine: Engine; readonly by: string } | undefined> {
  const { settings } = app;
  const hasWork = workers.size > 0 || (assembly?.workflows.length ?? 0) > 0 || (await declaresDurable(app));
  if (settings.engine !== undefined) return { engine: settings.engine, by: "the app" };
  if (!hasWork) return undefined;
  const { LIVESPAN_ENGINE: named, HATCHET_CLIENT_TOKEN: hatchet } = process.env;
  const engine = await chooseEngine(process.env);
  const implied = engine.name === "postgres" ? "DATABASE_URL" : "nothing else";
  return { engine, by: named ? "LIVESPAN_ENGINE" : hatchet ? "HATCHET_CLIENT_TOKEN" : implied };
}

/** The packages that an app uses if it wants to, by whether they can be found. */
export function checkPeers({ settings }: App<unknown>, engine: Engine | undefined, hasPages: boolean): Problem[] {
  const { store, leases } = settings;
  const problems: Problem[] = [];
  const missing = (name: string): boolean => !isFound(name);
  const redis = [store?.name === "redis" && "its store", leases?.name === "redis" && "its leases"].filter(Boolean);
  if (redis.length > 0 && missing("redis")) {
    problems.push(
      problemOf(liveError("REDIS_MISSING", `the package redis, of ${redis.join(" and ")}, is not installed.`)),
    );
  }
  const needsPg = engine?.name === "postgres" || leases?.name === "postgres";
  if (needsPg && missing("pg")) {
    problems.push(
      problemOf(workError("ENGINE_MISSING", "PostgreSQL is spoken to with the package pg, which is not installed.")),
    );
  }
  if (engine?.name === "hatchet" && missing("@hatchet-dev/typescript-sdk")) {
    const message = "Hatchet is spoken to with the package @hatchet-dev/typescript-sdk, which is not installed.";
    problems.push(problemOf(workError("ENGINE_MISSING", message)));
  }
  if (hasPages) {
    problems.push(...caught(() => assertReact(pagesSettings(settings.pages).root)));
    if (process.env["NODE_ENV"] !== "production" && missing("vite")) {
      problems.push(problemOf(appError("BUILD_PEER", "pages are built with vite, which is not installed.")));
    }
  }
  return problems;
}

/** As this package finds it, which is who loads it. */
function isFound(name: string): boolean {
  try {
    return import.meta.resolve(name) !== "";
  } catch {
    return false;
  }
}

function caught(check: () => unknown): Problem[] {
  try {
    check();
    return [];
  } catch (error) {
    return [problemFrom(error)];
  }
}

/** What pages need: their files, their states, and in production what was built. */
export async function checkPages({ settings }: App<unknown>, { assembly }: DeclaredCheck): Promise<Problem[]> {
  if (assembly === undefined) return [];
  const { pages, states } = assembly;
  const pageSettings = pagesSettings(settings.pages);
  const entries = entriesOf(pages, pageSettings.root);
  const problems = pages.flatMap((page) => caught(() => statesOf(page, states)));
  for (const { id, file } of entries) {
    if (existsSync(file)) continue;
    problems.push(
      problemOf(appError("PAGE_BUILD", `the page ${id} has no file ${file}.`, { remedy: "Correct its entry." })),
    );
  }
  if (process.env["NODE_ENV"] !== "production") return problems;
  return [...problems, ...(await checkBuild(entries, pageSettings))];
}

async function checkBuild(entries: Parameters<typeof builtManifest>[0], settings: PagesSettings): Promise<Problem[]> {
  try {
    const manifest = entries.length > 0 ? await builtManifest(entries, settings) : await readManifest(settings.out);
    if (manifest === undefined) return [];
    const changed = await changedSources(settings.out, manifest);
    if (changed.length === 0) return [];
    const message = `${changed.length === 1 ? "a source has" : `${changed.length} sources have`} changed since the build.`;
    return [problemOf(cliError("STALE_BUILD", message), changed.map(shownPath), "warning")];
  } catch (error) {
    return [problemFrom(error)];
  }
}

/** What processes would each have for themselves: those of `livespan start --workers`, and a worker's own. */
export function checkShared(
  app: App<unknown>,
  { assembly, workers }: DeclaredCheck,
  engine: Engine | undefined,
  run: AppRun | undefined,
  several: boolean,
): Problem[] {
  const texts: string[] = [];
  const apart = several && run !== undefined ? apartText(run, app) : undefined;
  if (apart !== undefined) texts.push(`${apart}.`);
  const alone = [...workers].filter((worker) => assembly?.workers.has(worker) === false && !worker.options.engine);
  if (engine?.isShared === false) {
    for (const { name } of alone)
      texts.push(
        `the worker "${name}" is a process of its own, and would see none of the runs that are in the memory of another.`,
      );
  }
  return texts.map((text) => problemOf(cliError("NOT_SHARED", text), [], "warning"));
}
