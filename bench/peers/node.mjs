import { createServer } from "node:http";
import { report } from "../programs/report.ts";
import { shop } from "../programs/shop.ts";

// The least that does the job: by hand, with no router and no validator, checking what the schemas check.
const server = createServer((request, response) => {
  if (request.method === "GET" && request.url.startsWith("/predict?")) {
    const x = Number(new URLSearchParams(request.url.slice("/predict?".length)).get("x") ?? "invalid");
    if (Number.isNaN(x)) return send(response, 422, { title: "x is not a number" });
    return send(response, 200, { result: shop.answer(x) });
  }
  if (request.method === "POST" && request.url === "/orders") return receive(request, response);
  send(response, 404, { title: "Not found" });
});

function receive(request, response) {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const order = JSON.parse(Buffer.concat(chunks).toString());
    if (!isOrder(order)) return send(response, 422, { title: "not an order" });
    send(response, 200, { name: order.name, total: shop.total(order.price, order.quantity) });
  });
}

function isOrder({ name, price, quantity, tags }) {
  if (typeof name !== "string" || name.length < 1 || name.length > 80) return false;
  if (typeof price !== "number" || price < 0 || !Number.isInteger(quantity) || quantity < 1) return false;
  return Array.isArray(tags) && tags.every((tag) => typeof tag === "string");
}

function send(response, status, value) {
  const text = JSON.stringify(value);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}

server.listen(0, "127.0.0.1", () => report(server.address().port));
