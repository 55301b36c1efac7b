import { createServer } from "node:http";

const [port] = process.argv.slice(2).map(Number);

const server = createServer((_request, response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": 17 });
  response.end('{"hello":"world"}');
});

process.on("SIGTERM", () => server.close());
server.listen(port, "127.0.0.1");
