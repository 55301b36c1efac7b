import type { Context } from "hono";
import { messageOf } from "../kernel/errors.ts";
import { problem, type Problem } from "./problem.ts";
import { pointerTo, type Fault } from "./schema.ts";

const jsonType = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;
const formType = /^(?:application\/x-www-form-urlencoded|multipart\/form-data)\s*(?:;|$)/i;

/** Reads and parses a request's body, at most `limit` bytes of it. Undefined when it is empty. */
export function readBody(c: Context, limit: number): unknown {
  const length = checkLength(c.req.raw.headers, limit);
  if (length === 0) return undefined;
  if (length !== undefined) return parseBody(c);
  return bufferCounted(c, limit).then((some) => (some ? parseBody(c) : undefined));
}

function parseBody(c: Context): Promise<unknown> {
  const type = c.req.raw.headers.get("content-type") ?? "";
  if (type === "application/json" || jsonType.test(type)) return c.req.text().then(parseJson, bodyLost);
  if (formType.test(type)) return c.req.parseBody({ all: true }).catch(malformedForm);
  const got = type === "" ? "no content-type" : `"${type}"`;
  throw problem(415, `The body has ${got}; this route takes application/json or a form.`, {
    headers: { accept: "application/json, application/x-www-form-urlencoded, multipart/form-data" },
  });
}

/** The body's length where the headers tell it; throws when it is over the limit. */
export function checkLength(headers: Headers, limit: number): number | undefined {
  const length = headers.get("content-length");
  if (length === null) return undefined;
  if (Number(length) > limit) throw tooLarge(limit);
  return Number(length);
}

/**
 * The request, with a body of unknown length cut off by an error once it is over the limit. One of known length has
 * been checked before.
 */
export function limitRequest(request: Request, limit: number): Request {
  // To look at a request's body costs, and most have none.
  if (request.method === "GET" || request.method === "HEAD" || limit === Infinity) return request;
  if (request.headers.has("content-length") || request.bodyUsed || request.body === null) return request;
  let size = 0;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      size += chunk.byteLength;
      if (size > limit) controller.error(tooLarge(limit));
      else controller.enqueue(chunk);
    },
  });
  return new Request(request, { body: request.body.pipeThrough(counted), duplex: "half" });
}

/** Reads a body of unknown length, and puts a request with the whole of it in place. False when it is empty. */
async function bufferCounted(c: Context, limit: number): Promise<boolean> {
  // Middleware may have read it already, through Hono, which then has it in the cache.
  if (Object.keys(c.req.bodyCache).length > 0) return true;
  const stream = c.req.raw.body;
  if (stream === null) return false;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      size += chunk.byteLength;
      if (size > limit) throw tooLarge(limit);
      chunks.push(chunk);
    }
  } catch (error) {
    return size > limit ? Promise.reject(error) : bodyLost(error);
  }
  c.req.raw = new Request(c.req.raw, { body: Buffer.concat(chunks, size) });
  return size > 0;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed("The body is not JSON.", messageOf(error));
  }
}

function malformedForm(error: unknown): never {
  throw malformed("The body is not the form that its content-type says.", messageOf(error));
}

function malformed(detail: string, message: string): Problem {
  const fault: Fault = { in: "body", path: [], pointer: pointerTo([]), message };
  return problem(400, detail, { members: { errors: [fault] } });
}

/** The client left, or reset, before its body was whole. It will not see the answer; the log need not either. */
function bodyLost(cause: unknown): never {
  throw problem(400, "The body ended before it was whole.", { cause });
}

function tooLarge(limit: number): Problem {
  return problem(413, `The body is over the limit of ${limit} bytes.`);
}
