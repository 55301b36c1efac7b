import type { RouteHost } from "./host.ts";
import { shapeOf } from "./path.ts";
import type { Fetchable, NativeRoute, Route } from "./route.ts";
import { duplicate, Routes } from "./routes.ts";

/** A declaration, the path where it answers, and the mount it is in. */
export interface Placed<E> {
  readonly entry: E;
  readonly path: string;
  readonly mount: Mount;
}

/** Routes under a prefix, and the host they have there. The outermost are the app's own, under "". */
export interface Mount {
  readonly routes: Routes;
  readonly prefix: string;
  readonly host: RouteHost;
  readonly outer: Mount | undefined;
}

type Leaf = Route | NativeRoute | { readonly kind: "fetch"; readonly app: Fetchable };

/** All that is declared in routes and in what is mounted in them, in order, whatever the depth. */
export function* walk(routes: Routes, host: RouteHost): Generator<Placed<Leaf>, void, void> {
  const shapes = new Map<string, string>();
  // A stack of its own: thousands of mounts inside each other must not exhaust the engine's.
  const open = [descend({ routes, prefix: "", host, outer: undefined })];
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    const next = level.entries.next();
    if (next.done) {
      open.pop();
      continue;
    }
    const entry = next.value;
    const { mount } = level;
    const path = joinPaths(mount.prefix, entry.path);
    if (entry.kind === "mount") {
      const inner = mount.host.enter(entry.routes);
      open.push(descend({ routes: entry.routes, prefix: path, host: inner, outer: mount }));
      continue;
    }
    if (entry.kind === "http" || entry.kind === "sse" || entry.kind === "ws") claim(shapes, entry.method, path);
    yield { entry, path, mount };
  }
}

function descend(mount: Mount) {
  return { mount, entries: Routes.entriesOf(mount.routes)[Symbol.iterator]() };
}

function claim(shapes: Map<string, string>, method: string, path: string): void {
  const key = `${method} ${shapeOf(path)}`;
  const other = shapes.get(key);
  if (other !== undefined) throw duplicate(method, other, path);
  shapes.set(key, path);
}

/** "/" under a prefix is the prefix itself. */
function joinPaths(prefix: string, path: string): string {
  const base = prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
  const rest = path.startsWith("/") ? path : `/${path}`;
  return rest === "/" && base !== "" ? base : base + rest;
}
