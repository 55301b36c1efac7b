import type { Asset, Encoding } from "./source.ts";

const types: Readonly<Record<string, string>> = {
  avif: "image/avif",
  css: "text/css; charset=utf-8",
  gif: "image/gif",
  ico: "image/x-icon",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  map: "application/json",
  mjs: "text/javascript; charset=utf-8",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  otf: "font/otf",
  pdf: "application/pdf",
  png: "image/png",
  svg: "image/svg+xml",
  ttf: "font/ttf",
  txt: "text/plain; charset=utf-8",
  wasm: "application/wasm",
  webm: "video/webm",
  webmanifest: "application/manifest+json",
  webp: "image/webp",
  woff: "font/woff",
  woff2: "font/woff2",
};

function typeOf(name: string): string {
  const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  return (Object.hasOwn(types, extension) ? types[extension] : undefined) ?? "application/octet-stream";
}

/** Whether more than a few bytes are saved by compressing such a file. */
export function compresses(name: string): boolean {
  return /^(?:text\/|application\/(?!octet|pdf)|image\/(?:svg|x-icon)|font\/[ot]tf)/.test(typeOf(name));
}

/** The answer to a request for a file. It may be kept for ever: what changes has another name. */
export async function assetResponse(asset: Asset, request: Request): Promise<Response> {
  const encoding = chosen(asset.encodings, request.headers.get("accept-encoding") ?? "");
  const etag = encoding === "identity" ? `"${asset.name}"` : `"${asset.name}.${encoding}"`;
  const headers = new Headers({
    "cache-control": "public, max-age=31536000, immutable",
    "content-type": typeOf(asset.name),
    "x-content-type-options": "nosniff",
    etag,
  });
  if (asset.encodings.length > 1) headers.set("vary", "accept-encoding");
  if (encoding !== "identity") headers.set("content-encoding", encoding);
  if (knows(request.headers.get("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  const bytes = await asset.bytes(encoding);
  headers.set("content-length", String(bytes.byteLength));
  return new Response(bytes, { headers });
}

/** The first of what there is that the client takes. */
function chosen(encodings: readonly Encoding[], accepted: string): Encoding {
  const refused = /;\s*q=0(?:\.0*)?\s*$/;
  const taken = accepted
    .split(",")
    .flatMap((part) => (refused.test(part) ? [] : part.split(";")[0]!.trim().toLowerCase()));
  return encodings.find((encoding) => taken.includes(encoding)) ?? "identity";
}

function knows(tags: string | null, etag: string): boolean {
  return tags?.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag || tag.trim() === "*") === true;
}
