import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const folder = fileURLToPath(new URL("../peers", import.meta.url));

/** What is there to measure against. An absent peer's rows are left out. */
export interface Peers {
  /** Whether the pinned npm packages are installed. */
  readonly npm: boolean;
  /** The Python that has FastAPI and uvicorn. */
  readonly python: string | undefined;
}

/** Installs the peers that are asked for and missing; with `install` off it takes what is there. */
export async function findPeers(needs: readonly (keyof Peers)[], install: boolean): Promise<Peers> {
  return {
    npm: needs.includes("npm") && (await npmPeers(install)),
    python: needs.includes("python") ? await pythonPeers(install) : undefined,
  };
}

async function npmPeers(install: boolean): Promise<boolean> {
  const lock = readFileSync(join(folder, "package-lock.json"), "utf8");
  const marker = join(folder, "node_modules", ".installed-lock");
  if (existsSync(marker) && readFileSync(marker, "utf8") === lock) return true;
  return await attempt("npm peers", install, async () => {
    await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder });
    writeFileSync(marker, lock);
  });
}

/** A virtual environment in the temporary folder, named after what it holds, so that it is made once. */
async function pythonPeers(install: boolean): Promise<string | undefined> {
  const requirements = join(folder, "requirements.txt");
  const hash = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
  const environment = join(tmpdir(), `livespan-bench-python-${hash}`);
  const python = join(environment, "bin", "python");
  const marker = join(environment, ".installed");
  if (existsSync(marker)) return python;
  const made = await attempt("Python peers", install, async () => {
    rmSync(environment, { recursive: true, force: true });
    await run("python3", ["-m", "venv", environment]);
    await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]);
    writeFileSync(marker, "");
  });
  return made ? python : undefined;
}

async function attempt(what: string, install: boolean, make: () => Promise<void>): Promise<boolean> {
  if (!install) {
    console.log(`${what}: not installed, their rows are left out (a run without --quick installs them).`);
    return false;
  }
  console.log(`${what}: installing ...`);
  try {
    await make();
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split("\n").at(-1) : String(error);
    console.log(`${what}: skipped, they could not be installed (${reason}).`);
    return false;
  }
}
