// Completes the lock files after a dependency was added: `node tools/lock.ts`, on the pinned Node.
//
// A registry mirror may hold the packages of one platform only. npm then leaves the other platforms' optional packages
// out of the lock, says nothing, and `npm ci` refuses that lock everywhere. What is missing is named, with its exact
// version, by the package that asks for it, so the entry can be written; only its integrity is unknown here.
import { readFileSync, writeFileSync } from "node:fs";

interface LockEntry {
  version?: string;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  dev?: boolean;
  optional?: boolean;
  optionalDependencies?: Record<string, string>;
}

export interface Lock {
  packages: Record<string, LockEntry>;
}

const systems = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const processors = ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"];

/** Where Node would look for `name` from `path`, innermost first. */
function* places(path: string, name: string): Generator<string> {
  for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    yield `${at}/node_modules/${name}`;
  }
  yield `node_modules/${name}`;
}

/** Every optional package that the lock asks for and does not hold: the path it belongs to, and its entry. */
export function missingPlatforms(lock: Lock): [path: string, entry: LockEntry][] {
  return Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => ![...places(path, name)].some((place) => place in lock.packages))
      .map(([name, version]): [string, LockEntry] => [
        // Beside its parent, which is where npm would hoist the only user of an exact version.
        `${path.slice(0, path.lastIndexOf("node_modules/"))}node_modules/${name}`,
        platformEntry(name, version, entry.dev === true),
      ]),
  );
}

function platformEntry(name: string, version: string, dev: boolean): LockEntry {
  const words = name.slice(name.indexOf("/") + 1).split("-");
  const os = words.filter((word) => systems.includes(word));
  const cpu = words.filter((word) => processors.includes(word));
  if (cpu.length !== 1 || !/^\d/.test(version)) {
    throw new Error(`${name}@${version} is optional and not in package-lock.json, and its name tells no platform.`);
  }
  const libc = words.includes("musl") ? ["musl"] : words.some((word) => /^gnu(eabihf)?$/.test(word)) ? ["glibc"] : [];
  return {
    version,
    cpu,
    ...(dev && { dev }),
    ...(libc.length > 0 && os[0] === "linux" && { libc }),
    optional: true,
    ...(os.length > 0 && { os }),
  };
}

/** The locks of this project, from its root. */
export const locks = ["package-lock.json", "bench/peers/package-lock.json"] as const;

/** Writes what is missing into a lock, and gives how much that was. */
function complete(file: URL): number {
  const lock: Lock = JSON.parse(readFileSync(file, "utf8"));
  const missing = missingPlatforms(lock);
  const { "": own, ...others } = { ...lock.packages, ...Object.fromEntries(missing) };
  const sorted = Object.entries(others).sort(([a], [b]) => a.localeCompare(b, "en"));
  lock.packages = { ...(own && { "": own }), ...Object.fromEntries(sorted) };
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  return missing.length;
}

if (import.meta.main) {
  for (const lock of locks) {
    console.log(`${complete(new URL(`../${lock}`, import.meta.url))} platform packages added to ${lock}`);
  }
}
