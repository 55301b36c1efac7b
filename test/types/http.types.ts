// Checked by the compiler alone: what handlers are given, and what they may return.
import { Routes, type PathParams, type RawQuery } from "livespan/http";
import { type } from "arktype";
import { Hono } from "hono";
import * as v from "valibot";
import { z } from "zod";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <_T extends true>(): void => undefined;

interface State {
  readonly models: { readonly answer: (x: number) => number };
}
const routes = new Routes<State, { readonly name: string }>();

// Paths.
is<Equal<PathParams<"/items/:id">["id"], string>>();
is<Equal<PathParams<"/:lang?">["lang"], string | undefined>>();
is<Equal<PathParams<"/n/:n{[0-9]+}/:m">, { readonly n: string; readonly m: string }>>();
is<Equal<PathParams<string>, Readonly<Record<string, string>>>>();
routes.get("/items/:itemId", ({ params }) => params.itemId.length);
// @ts-expect-error no such parameter
routes.get("/items/:itemId", ({ params }) => params.id);
// @ts-expect-error an optional parameter may be absent
routes.get("/:lang?", ({ params }) => params.lang.length);

// State and app.
routes.get("/a", ({ lifespan, app }) => lifespan.models.answer(app.name.length));
routes.get("/a", ({ lifespan }) => {
  lifespan.models = { answer: (x) => x };
});
// @ts-expect-error unknown lifespan
routes.get("/a", ({ lifespan }) => lifespan.nope);
// @ts-expect-error a shared object stays as its type says
routes.get("/a", ({ lifespan }) => void (lifespan.models.answer = (x) => x));

// Schemas of three libraries.
routes.get("/z", { query: z.object({ x: z.coerce.number() }) }, ({ query }) => query.x.toFixed());
routes.post("/v", { body: v.object({ tags: v.array(v.string()) }) }, ({ body }) => body.tags.join());
routes.put("/k", { headers: type({ "x-n": "string.numeric.parse" }) }, ({ headers }) => headers["x-n"].toFixed());
routes.get("/p/:id", { params: z.object({ id: z.coerce.number() }) }, ({ params }) => params.id.toFixed());
// @ts-expect-error the query is what the schema makes of it
routes.get("/z", { query: z.object({ x: z.coerce.number() }) }, ({ query }) => query.y);
// @ts-expect-error a number has no length
routes.get("/p/:id", { params: z.object({ id: z.coerce.number() }) }, ({ params }) => params.id.length);

// Without a schema.
routes.get("/q", ({ query, body, headers }) => {
  is<Equal<typeof query, RawQuery>>();
  is<Equal<typeof body, undefined>>();
  return headers["user-agent"]?.length;
});

// What may be returned.
routes.get("/r", { response: z.object({ n: z.number() }) }, () => ({ n: 1 }));
routes.get("/r", { response: z.object({ n: z.number() }) }, async () => new Response());
// @ts-expect-error not what the response schema takes
routes.get("/r", { response: z.object({ n: z.number() }) }, () => ({ n: "1" }));

// Options.
// @ts-expect-error not an option
routes.get("/o", { querry: z.object({}) }, () => 1);
// @ts-expect-error not an option, beside one that is
routes.get("/o", { query: z.object({ x: z.string() }), sumary: "misspelt" }, ({ query }) => query.x.length);
// @ts-expect-error not a schema
routes.get("/o", { query: { x: "number" } }, () => 1);

// Streams and sockets.
routes.sse("/s/:id", async function* ({ params, signal, lastEventId }) {
  yield { data: { id: params.id, lastEventId, aborted: signal.aborted } };
});
routes.sse("/s", async ({ send }) => send({ event: "tick" }));
// @ts-expect-error an event has no such field
routes.sse("/s", async ({ send }) => send({ name: "tick" }));
routes.ws("/w/:room", async ({ socket, params, lifespan }) => {
  for await (const message of socket)
    await socket.send(`${params.room} ${message.length} ${lifespan.models.answer(1)}`);
});
// @ts-expect-error a plain route has no socket
routes.get("/w", ({ socket }) => socket);

// Chains keep the class, and narrower states fit where wider ones are asked for.
export class Named extends Routes<State> {
  readonly title = "named";
}
is<Equal<ReturnType<typeof Named.prototype.mount>, Named>>();
new Routes()
  .mount("/inner", routes)
  .mount("/fetch", { fetch: () => new Response() })
  .mount("/hono", new Hono());
new Named()
  .get("/", () => 1)
  .use("/x/*", async (_c, next) => next())
  .title.at(0);
