// What tests need of the machine: each is a small entry, given to the tests by an environment variable.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./command.ts";
import type { Step } from "./gate/step.ts";
import type { Tally } from "./gate/tally.ts";
import { findChromium } from "./services/chromium.ts";
import { findProgram, install } from "./services/program.ts";
import { findPostgres, startPostgres } from "./services/postgres.ts";
import { redisPrograms, startRedis } from "./services/redis.ts";

interface Service {
  readonly name: string;
  /** Where tests find it. When that is set already, what it names is used. */
  readonly env: string;
  /** A test file that holds this text needs it, as one does that names the variable. */
  readonly mark: string;
  /** The package of the system that brings it. */
  readonly packageName: string;
  find(): Promise<string | undefined>;
  /** Gives the variable's value, from what was found. */
  start(program: string, stack: AsyncDisposableStack): Promise<string> | string;
}

const services: readonly Service[] = [
  {
    name: "Redis",
    env: "LIVESPAN_TEST_REDIS_URL",
    mark: "services/redis.ts",
    packageName: "redis-server",
    find: () => findProgram(...redisPrograms),
    start: async (_program, stack) => stack.use(await startRedis()).url,
  },
  {
    name: "PostgreSQL",
    env: "LIVESPAN_TEST_POSTGRES_URL",
    mark: "services/postgres.ts",
    packageName: "postgresql",
    find: findPostgres,
    start: async (_programs, stack) => stack.use(await startPostgres()).url,
  },
  {
    name: "Chromium",
    env: "LIVESPAN_TEST_CHROMIUM",
    mark: "useBrowser",
    packageName: "chromium",
    find: findChromium,
    start: (program) => program,
  },
];

/** One step for each service that these test files need. What a step starts goes down with `stack`. */
export async function serviceSteps(files: readonly string[], tally: Tally, stack: AsyncDisposableStack) {
  const texts = await Promise.all(files.map((file) => readFile(join(root, file), "utf8")));
  const isNeeded = ({ env, mark }: Service) =>
    process.env[env] === undefined && texts.some((text) => text.includes(env) || text.includes(mark));
  return services.filter(isNeeded).map((service): Step => ({
    name: `service: ${service.name}`,
    async run(signal) {
      const program = (await service.find()) ?? (await installed(service, tally, signal));
      if (program === undefined) return { code: 1, output: howToInstall(service) };
      process.env[service.env] = await service.start(program, stack);
      return { code: 0, output: "" };
    },
  }));
}

async function installed({ name, packageName, find }: Service, tally: Tally, signal: AbortSignal) {
  tally.say(`  ${name} is not there: installing ${packageName}`);
  return (await install(packageName, signal)) ? find() : undefined;
}

function howToInstall({ name, packageName, env }: Service): string {
  return `${name} is missing: install it (Debian: apt-get install ${packageName}; macOS: brew install), or set ${env}.`;
}
