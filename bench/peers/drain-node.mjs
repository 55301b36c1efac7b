import { createServer } from "node:http";
import { slowly } from "../programs/drainable.ts";

const server = createServer((request, response) => void answer(request, response));

async function answer(request, response) {
  if (request.url !== "/fast") await slowly(Number(request.url.slice("/slow/".length)), close);
  response.writeHead(200, { "content-type": "application/json", "content-length": 13 });
  response.end('{"done":true}');
}

function close() {
  return new Promise((resolve) => server.close(resolve));
}

server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
