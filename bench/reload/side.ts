import { fileURLToPath } from "node:url";
import type { Peers } from "../harness/peers.ts";

/** What is edited in an app, and where it shows. */
export interface Subject {
  /** Where its development server is run, or below. */
  readonly file: string;
  /** The file's next text. The number is in what it serves. */
  edited(text: string, edit: number): string;
  readonly path: string;
  /** Which edit an answer shows. */
  shown(answer: Readonly<Record<string, unknown>>): unknown;
}

/** A development server, and the app that it serves. */
export interface DevSide {
  /** As rows name it. */
  readonly name: string;
  /** Files and folders of this project, which are copied; they lie to each other as they do here. */
  readonly sources: readonly string[];
  /** The folder of the project in whose copy the server is run. */
  readonly at: string;
  readonly subject: Subject;
  /** Where its packages are: a folder of this project. */
  readonly modules: string;
  command(port: string): readonly [program: string, ...args: string[]];
  readonly env?: (port: string) => Readonly<Record<string, string>>;
}

const node = process.execPath;
const inProject = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const peerModules = "bench/peers/node_modules";
const peers = "bench/peers/reload";

/** A file that says `edit = 0`, and what `/` serves of it. */
function numbered(file: string): Subject {
  return { file, edited: renumbered, path: "/", shown: ({ edit }) => edit };
}

/** Puts another number where a text says what `edit` is. */
export function renumbered(text: string, edit: number): string {
  const next = text.replace(/\bedit = \d+/, `edit = ${edit}`);
  if (next === text) throw new Error(`No edit: the text says nothing of it, or ${edit} already.\n${text}`);
  return next;
}

/** `livespan dev`, as whoever has installed the package runs it. */
export function developing(entry: string, port: string): readonly [program: string, ...args: string[]] {
  return [node, "--expose-gc", inProject("dist/cli/main.js"), "dev", entry, "--port", port];
}

export const livespan: DevSide = {
  name: "livespan dev",
  sources: ["bench/programs/reload/app"],
  at: "bench/programs/reload/app",
  subject: numbered("routes.ts"),
  modules: "node_modules",
  command: (port) => developing("app.ts", port),
};

const hono = {
  sources: [`${peers}/hono`],
  at: `${peers}/hono`,
  subject: numbered("routes.ts"),
  modules: peerModules,
  env: (port: string) => ({ PORT: port }),
};

const nodeWatch: DevSide = { ...hono, name: "node --watch", command: () => [node, "--watch", "app.ts"] };

const tsxWatch: DevSide = {
  ...hono,
  name: "tsx watch",
  command: () => [node, inProject(`${peerModules}/tsx/dist/cli.mjs`), "watch", "app.ts"],
};

/** The one that, as ours, goes on in one process and keeps its socket. */
const vite: DevSide = {
  name: "@hono/vite-dev-server",
  sources: [
    `${peers}/hono`,
    `${peers}/vite.config.mjs`,
    `${peers}/vite-app.ts`,
    "bench/programs/reload/app/figures.ts",
  ],
  at: peers,
  subject: numbered("hono/routes.ts"),
  modules: peerModules,
  command: (port) => [
    node,
    "--expose-gc",
    inProject(`${peerModules}/vite/bin/vite.js`),
    "--port",
    port,
    "--strictPort",
  ],
};

function uvicorn(python: string): DevSide {
  return {
    name: "uvicorn --reload",
    sources: [`${peers}/fastapi`],
    at: `${peers}/fastapi`,
    subject: numbered("routes.py"),
    modules: peerModules,
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
