import { dirname, join, relative, sep } from "node:path";

/** Where a build's server modules lie: the folder of the app's sources, and the one that is written. */
export interface Places {
  /** Of the app: sources outside of it are built as well. */
  readonly root: string;
  /** Absolute. */
  readonly to: string;
}

/** What a source is called among what was built: its path with an ending that Node takes for a module anywhere. */
export function builtName(source: string, { root }: Places, ending = ".mjs"): string {
  const path = relative(root, source).split(sep).join("/");
  // A folder of that name is where Node looks for packages.
  const own = path.replaceAll("../", "__/").replaceAll("node_modules/", "_modules/");
  return `${own.replace(/^[A-Za-z]:\//, "__/")}${ending}`;
}

/** How the module that was built of `from` names a source, as a relative URL. */
export function sourceFrom(from: string, source: string, places: Places): string {
  return relativeUrl(dirname(join(places.to, builtName(from, places))), source);
}

/** How it names another module that was built. */
export function builtFrom(from: string, source: string, places: Places, ending?: string): string {
  const target = join(places.to, builtName(source, places, ending));
  return relativeUrl(dirname(join(places.to, builtName(from, places))), target);
}

function relativeUrl(folder: string, file: string): string {
  const path = relative(folder, file).split(sep).map(encodeURIComponent).join("/");
  return path.startsWith(".") ? path : `./${path}`;
}
