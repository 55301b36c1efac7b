import fastify from "fastify";
import { report } from "../programs/report.ts";
import { shop } from "../programs/shop.ts";

const app = fastify();
app.decorate("shop", shop);

const number = { type: "number" };
const string = { type: "string" };

app.get(
  "/predict",
  {
    schema: {
      querystring: { type: "object", required: ["x"], properties: { x: number } },
      response: { 200: { type: "object", properties: { result: number } } },
    },
  },
  async (request) => ({ result: app.shop.answer(request.query.x) }),
);

app.post(
  "/orders",
  {
    schema: {
      body: {
        type: "object",
        required: ["name", "price", "quantity", "tags"],
        properties: {
          name: { type: "string", minLength: 1, maxLength: 80 },
          price: { type: "number", minimum: 0 },
          quantity: { type: "integer", minimum: 1 },
          tags: { type: "array", items: string },
        },
      },
      response: { 200: { type: "object", properties: { name: string, total: number } } },
    },
  },
  async ({ body }) => ({ name: body.name, total: app.shop.total(body.price, body.quantity) }),
);

await app.listen({ port: 0, host: "127.0.0.1" });
report(app.server.address().port);
