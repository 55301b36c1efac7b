import assert from "node:assert/strict";
import { test } from "node:test";
import { cors } from "hono/cors";
import { requestId } from "hono/request-id";
import { compile, problem, Routes, type Fetchable, type RouteOptions } from "livespan/http";
import { z } from "zod";
import { ask, TestHost } from "./host.ts";

const refused: Record<string, readonly [declare: () => unknown, code: string, message: RegExp]> = {
  "a path in braces": [
    () => new Routes().get("/users/{id}/posts/{post:int}", () => 1),
    "ROUTE_PATH",
    /GET \/users\/\{id\}.* writes a parameter as \{id\}\. Write "\/users\/:id\/posts\/:post"\./,
  ],
  "a path without a slash": [() => new Routes().post("items", () => 1), "ROUTE_PATH", /POST items .*Write "\/items"\./],
  "a path that is no string": [() => new Routes().get(7 as unknown as "/", () => 1), "ROUTE_PATH", /number/],
  "the same route twice": [
    () => new Routes().get("/items/:id", () => 1).get("/items/:name", () => 2),
    "ROUTE_DUPLICATE",
    /GET \/items\/:id and GET \/items\/:name/,
  ],
  "an unknown option": [
    () => new Routes().get("/", { boddy: z.object({}) } as RouteOptions, () => 1),
    "ROUTE_OPTION",
    /GET \/ has an unknown option "boddy"\. Did you mean "body"\?/,
  ],
  "a schema that is none": [
    () => new Routes().get("/", { query: { x: "number" } as unknown as RouteOptions["query"] & object }, () => 1),
    "ROUTE_OPTION",
    /The query option of GET \/ is not a schema/,
  ],
  "options that are none": [() => new Routes().get("/", 5 as RouteOptions, () => 1), "ROUTE_OPTION", /are 5/],
  "a body on GET": [() => new Routes().get("/", { body: z.object({}) }, () => 1), "ROUTE_OPTION", /no body/],
  "a status that is none": [() => new Routes().get("/", { status: 99 }, () => 1), "ROUTE_OPTION", /99/],
  "a body limit that is none": [() => new Routes().post("/", { bodyLimit: -1 }, () => 1), "ROUTE_OPTION", /-1/],
  "no handler": [
    () => new Routes().get("/", {} as unknown as () => 1),
    "ROUTE_HANDLER",
    /GET \/ has no handler; got object/,
  ],
  "middleware that is none": [() => new Routes().use("/x", 1 as never), "ROUTE_HANDLER", /use\("\/x"\)/],
  "a mount that is none": [() => new Routes().mount("/x", {} as Fetchable), "ROUTE_MOUNT", /mount\("\/x"\)/],
};
for (const [name, [declare, code, message]] of Object.entries(refused)) {
  test(`${name} is refused where it is declared`, () => {
    assert.throws(declare, { code, message });
  });
}

test("routes cannot be mounted inside themselves, however deep", () => {
  const [a, b, c] = [new Routes(), new Routes(), new Routes()];
  a.mount("/b", b);
  b.mount("/c", c);
  assert.throws(() => c.mount("/a", a), { code: "ROUTE_MOUNT" });
  assert.throws(() => a.mount("/a", a), { code: "ROUTE_MOUNT" });
});

test("a mounted route that repeats another is refused when they are compiled", () => {
  const inner = new Routes().get("/x", () => 1);
  const routes = new Routes().get("/in/x", () => 1).mount("/in", inner);
  assert.throws(() => compile(routes, new TestHost()), {
    code: "ROUTE_DUPLICATE",
    message: /GET \/in\/x and GET \/in\/x/,
  });
});

test("nothing can be declared once assertOpen refuses, on Hono's own instance either", () => {
  class Closing extends Routes {
    closed = false;
    protected override assertOpen(what: string): void {
      if (this.closed) throw new Error(`closed: ${what}`);
    }
  }
  const routes = new Closing().get("/", () => 1);
  const { hono } = routes;
  hono.get("/native", (c) => c.text("x"));
  routes.closed = true;
  const late = [
    () => routes.get("/late", () => 1),
    () => routes.on("PURGE", "/late", () => 1),
    () => routes.sse("/late", async () => {}),
    () => routes.ws("/late", () => {}),
    () => routes.use(async () => {}),
    () => routes.mount("/late", new Routes()),
    () => hono.get("/late", (c) => c.text("x")),
  ];
  for (const declare of late) assert.throws(declare, /closed: /);
});

test("every method has its own declaration", async () => {
  const routes = new Routes()
    .get("/", () => "GET")
    .post("/", () => "POST")
    .put("/", () => "PUT")
    .patch("/", () => "PATCH")
    .delete("/", () => "DELETE")
    .options("/", () => "OPTIONS")
    .on("query", "/", () => "QUERY");
  const hono = compile(routes, new TestHost());
  for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"]) {
    assert.equal((await ask(hono, "/", { method })).body, method);
  }
});

test("middleware applies to what is declared after it, on its path; Hono's own works", async () => {
  const routes = new Routes()
    .get("/before", () => 1)
    .use(requestId())
    .use("/in/*", cors({ origin: "https://a.test" }))
    .get("/in/x", () => 1)
    .get("/out", () => 1);
  const hono = compile(routes, new TestHost());
  assert.equal((await ask(hono, "/before")).headers.get("x-request-id"), null);
  const origin = { origin: "https://a.test" };
  const inside = await ask(hono, "/in/x", { headers: origin });
  assert.ok(inside.headers.get("x-request-id"));
  assert.equal(inside.headers.get("access-control-allow-origin"), "https://a.test");
  assert.equal((await ask(hono, "/out", { headers: origin })).headers.get("access-control-allow-origin"), null);
  assert.equal((await ask(hono, "/in/x", { method: "OPTIONS" })).status, 204);
});

test("app.hono has all of Hono, in the order of declaration", async () => {
  const routes = new Routes().get("/first/:x", () => "ours");
  routes.hono.use(async (c, next) => {
    c.header("x-native", "1");
    await next();
  });
  routes.hono.get("/first/:y", (c) => c.text("native"));
  routes.hono.basePath("/base").get("/text", (c) => c.text(c.req.path));
  routes.get("/second", () => "ours");
  const hono = compile(routes, new TestHost());
  const first = await ask(hono, "/first/1");
  assert.deepEqual([first.body, first.headers.get("x-native")], ["ours", null]);
  assert.equal((await ask(hono, "/second")).headers.get("x-native"), "1");
  assert.equal((await ask(hono, "/base/text")).body, "/base/text");
  assert.throws(() => void routes.hono.fetch(new Request("http://test.local/")), { code: "HONO_NOT_SERVED" });
});

test("onError and notFound of app.hono replace the problems", async () => {
  const inner = new Routes().get("/fails", () => {
    throw problem(418);
  });
  inner.hono.onError((error, c) => c.text(`inner ${error.message}`, 500));
  inner.hono.notFound((c) => c.text("inner nothing", 404));
  const routes = new Routes().mount("/in", inner).get("/fails", () => {
    throw new Error("outer");
  });
  const plain = compile(routes, new TestHost());
  assert.equal((await ask(plain, "/in/fails")).body, "inner Error");
  assert.equal((await ask(plain, "/in/none")).body, "inner nothing");
  assert.equal((await ask(plain, "/none")).body.status, 404);
  routes.hono.onError((error, c) => c.text(`outer ${error.message}`, 500));
  routes.hono.notFound((c) => c.text("outer nothing", 404));
  const own = compile(routes, new TestHost());
  assert.equal((await ask(own, "/fails")).body, "outer outer");
  assert.equal((await ask(own, "/in/none")).body, "inner nothing");
  assert.equal((await ask(own, "/none")).body, "outer nothing");
});

test("mounted routes answer under their prefix, with the host that they have", async () => {
  const inner = new Routes<{ readonly name: string }>()
    .get("/", ({ lifespan }) => lifespan.name)
    .get("/deep/:x", ({ lifespan, params }) => [lifespan.name, params]);
  const group = new Routes<{ readonly name: string }>().get("/g", ({ lifespan }) => lifespan.name);
  const routes = new Routes<{ readonly name: string }>()
    .mount("/sub/:tenant", inner)
    .mount("/again", inner)
    .mount("/", group);
  const outer = new TestHost({ name: "outer" }).give(inner, new TestHost({ name: "inner" }));
  const hono = compile(routes, outer);
  assert.equal((await ask(hono, "/sub/t")).body, "inner");
  assert.deepEqual((await ask(hono, "/sub/t/deep/1")).body, ["inner", { tenant: "t", x: "1" }]);
  assert.deepEqual((await ask(hono, "/again/deep/1")).body, ["inner", { x: "1" }]);
  assert.equal((await ask(hono, "/g")).body, "outer");
});

test("anything with fetch can be mounted, and sees its own paths", async () => {
  const other = { fetch: (request: Request) => new Response(`${request.method} ${new URL(request.url).pathname}`) };
  const hono = compile(new Routes().get("/other/ours", () => 1).mount("/other", other), new TestHost());
  assert.equal((await ask(hono, "/other/a/b", { method: "POST" })).body, "POST /a/b");
  assert.equal((await ask(hono, "/other")).body, "GET /");
  assert.equal((await ask(hono, "/other/ours")).body, 1);
});

test("5,000 mounts compile, side by side and inside each other", async () => {
  const wide = new Routes();
  for (let i = 0; i < 5_000; i++)
    wide.mount(
      `/m${i}`,
      new Routes().get("/x", () => i),
    );
  assert.equal((await ask(compile(wide, new TestHost()), "/m4999/x")).body, 4999);
  const deep = new Routes();
  let innermost = deep;
  for (let i = 0; i < 5_000; i++) innermost.mount("/", (innermost = new Routes()));
  innermost.get("/x", () => "deep");
  assert.equal((await ask(compile(deep, new TestHost()), "/x")).body, "deep");
  let outermost = new Routes().get("/x", () => "from within");
  for (let i = 0; i < 5_000; i++) outermost = new Routes().mount("/", outermost);
  assert.equal((await ask(compile(outermost, new TestHost()), "/x")).body, "from within");
});

test("the same routes compile for two hosts at once", async () => {
  const routes = new Routes<{ readonly n: number }>().get("/", ({ lifespan }) => lifespan.n);
  const [one, two] = [compile(routes, new TestHost({ n: 1 })), compile(routes, new TestHost({ n: 2 }))];
  assert.deepEqual([(await ask(one, "/")).body, (await ask(two, "/")).body], [1, 2]);
});
