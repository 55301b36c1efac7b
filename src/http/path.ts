import { routeError } from "./errors.ts";

/** Refuses a path that the router would read as something else than was meant. */
export function checkPath(path: unknown, where: string): void {
  if (typeof path !== "string")
    throw routeError("ROUTE_PATH", `${where} has a path that is ${typeof path}; expected a string.`);
  if (!path.startsWith("/")) {
    throw routeError("ROUTE_PATH", `The path of ${where} does not begin with "/".`, { remedy: `Write "/${path}".` });
  }
  const braces = /\/\{([^{}/:]+)(?::[^{}/]*)?\}/.exec(path);
  if (braces !== null) {
    const mended = path.replace(/\/\{([^{}/:]+)(?::[^{}/]*)?\}/g, "/:$1");
    throw routeError("ROUTE_PATH", `The path of ${where} writes a parameter as ${braces[0].slice(1)}.`, {
      remedy: `Write "${mended}".`,
    });
  }
}

/** Paths that match the same requests have the same shape: the names of parameters do not count. */
export function shapeOf(path: string): string {
  return path.replace(/\/:[^/{?]+/g, "/:");
}

/** One part of a path: fixed text, a parameter, or the rest of the path. */
export interface PathParameter {
  readonly name: string;
  readonly pattern: string | undefined;
}

/** A path as OpenAPI writes it. A path with an optional parameter at its end is two. */
export interface PathTemplate {
  readonly template: string;
  readonly parameters: readonly PathParameter[];
}

export function templatesOf(path: string): PathTemplate[] {
  const optional = /^(.*)\/(:[^/]+)\?$/.exec(path);
  if (optional !== null) return [...templatesOf(optional[1] || "/"), ...templatesOf(`${optional[1]}/${optional[2]}`)];
  const parameters: PathParameter[] = [];
  let wildcards = 0;
  const template = path.replace(/\/(?::([^/{]+)(?:\{([^/]+)\})?|\*)/g, (_whole, name?: string, pattern?: string) => {
    const known = name ?? (wildcards++ === 0 ? "wildcard" : `wildcard${wildcards}`);
    parameters.push({ name: known, pattern });
    return `/{${known}}`;
  });
  return [{ template, parameters }];
}
