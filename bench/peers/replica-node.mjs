import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const server = createServer((_request, response) => void answer(response));

async function answer(response) {
  await sleep(5);
  response.writeHead(200, { "content-type": "application/json", "content-length": 13 });
  response.end('{"done":true}');
}

process.on("SIGTERM", () => server.close());
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
