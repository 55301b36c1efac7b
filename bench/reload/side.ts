import { fileURLToPath } from "node:url";
import type { Peers } from "../harness/peers.ts";

/** A development server, and the small app that it serves: a route, a lifespan and a task that runs as long as it. */
export interface DevSide {
  /** As rows name it. */
  readonly name: string;
  /** What is copied to where the app is worked on, from bench/: files, and what is in folders. The last one wins. */
  readonly sources: readonly string[];
  /** The file that is edited: what it says of `edit` is served. */
  readonly edited: string;
  /** Where its packages are: a folder of this project. */
  readonly modules?: string;
  /** The program, and what it is told; it is run where the app is. */
  command(port: string): readonly [program: string, ...args: string[]];
  readonly env?: (port: string) => Readonly<Record<string, string>>;
}

const node = process.execPath;
const inProject = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const peerModules = "bench/peers/node_modules";

export const livespan: DevSide = {
  name: "livespan dev",
  sources: ["programs/reload/app"],
  edited: "routes.ts",
  command: (port) => [node, "--expose-gc", inProject("dist/cli/main.js"), "dev", "app.ts", "--port", port],
};

const hono = {
  sources: ["peers/reload/hono"],
  edited: "routes.ts",
  modules: peerModules,
  env: (port: string) => ({ PORT: port }),
};

const nodeWatch: DevSide = { ...hono, name: "node --watch", command: () => [node, "--watch", "app.ts"] };

const tsxWatch: DevSide = {
  ...hono,
  name: "tsx watch",
  command: () => [node, inProject(`${peerModules}/tsx/dist/cli.mjs`), "watch", "app.ts"],
};

/** One process with the socket, as ours is. */
const vite: DevSide = {
  name: "@hono/vite-dev-server",
  sources: ["peers/reload/hono", "programs/reload/app/figures.ts", "peers/reload/vite"],
  edited: "routes.ts",
  modules: peerModules,
  command: (port) => [
    node,
    "--expose-gc",
    inProject(`${peerModules}/vite/bin/vite.js`),
    ...["--port", port, "--strictPort"],
  ],
};

function uvicorn(python: string): DevSide {
  return {
    name: "uvicorn --reload",
    sources: ["peers/reload/fastapi"],
    edited: "routes.py",
    // Its log of requests would be most of what it does here.
    command: (port) => [python, "-m", "uvicorn", "app:app", "--reload", "--port", port, "--no-access-log"],
    // Python tells that a compiled file is old by its source's second and size, and edits come faster.
    env: () => ({ PYTHONDONTWRITEBYTECODE: "1" }),
  };
}

/** Everything that a reload is measured beside; an absent peer is left out. */
export function peerSides({ npm, python }: Peers): readonly DevSide[] {
  return [...(npm ? [vite, tsxWatch, nodeWatch] : []), ...(python === undefined ? [] : [uvicorn(python)])];
}

/** Those of the peers that go on in one process, and so may pile up. */
export function lastingSides({ npm }: Peers): readonly DevSide[] {
  return npm ? [vite] : [];
}
