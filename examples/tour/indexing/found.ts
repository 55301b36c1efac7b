import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { NonRetryableError } from "livespan/work";
import { Folder } from "../folder.ts";

/** Of a folder no more documents than these are indexed. */
const mostDocuments = 5_000;
/** Files that are read at the same time. */
const abreast = 16;

/** A text that a folder has, in one file or in several. */
export interface Found {
  /** Of the first file that has it. */
  readonly path: string;
  readonly modified: string;
  readonly bytes: number;
  /** Of the content: what has been analysed is known by it, wherever it lies. */
  readonly hash: string;
  /** How many files have it. */
  readonly files: number;
}

/** The Markdown files of a folder in the order of their paths, those with the same content as one. */
export async function findIn(path: string, signal: AbortSignal): Promise<Found[]> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new NonRetryableError(`there is no folder "${path}" on this machine`);
  const folder = new Folder(path);
  const paths = [...(await folder.list())].sort().slice(0, mostDocuments);
  const found = new Map<string, Found>();
  for (let at = 0; at < paths.length; at += abreast) {
    const files = await Promise.all(paths.slice(at, at + abreast).map((each) => look(folder, each, signal)));
    for (const file of files) {
      const known = found.get(file.hash);
      found.set(file.hash, known === undefined ? file : { ...known, files: known.files + 1 });
    }
  }
  return [...found.values()];
}

async function look(folder: Folder, path: string, signal: AbortSignal): Promise<Found> {
  try {
    const [file, bytes] = await Promise.all([folder.look(path), folder.bytes(path, signal)]);
    return { path, ...file, hash: createHash("sha256").update(bytes).digest("base64url"), files: 1 };
  } catch {
    signal.throwIfAborted();
    // The job of that document says why, and can be tried again.
    return { path, modified: new Date(0).toISOString(), bytes: 0, hash: `unreadable ${folder.path} ${path}`, files: 1 };
  }
}
