// By hand: a WebSocket, a lock a tab, and a library's patches.
import { WebSocketServer } from "ws";
import { answering } from "../../programs/live/answering.ts";
import { libraries } from "./libraries.mjs";
import { Seats } from "./seats.mjs";

const [board, library] = process.argv.slice(2);
const { changer } = await libraries[library]();
const seats = new Seats(board);

/** One frame: the patches, and which event they answer. */
function step(seat, done) {
  return seat.exclusive(() => {
    seat.change ??= changer(seat, seats.step);
    const text = JSON.stringify({ patches: seat.change(), done });
    for (const socket of seat.sockets) socket.send(text);
  });
}

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, maxPayload: 65_536 });
server.on("connection", (socket, request) => {
  const seat = seats.of(new URL(request.url, "ws://x").searchParams.get("seat") ?? undefined);
  seat.sockets.add(socket);
  socket.on("close", () => seat.sockets.delete(socket));
  socket.on("error", () => {});
  socket.on("message", (text) => {
    const { event, id } = JSON.parse(text);
    if (event === "step") void step(seat, id);
  });
  socket.send(JSON.stringify({ token: seat.token, state: seat.state }));
});
server.on("listening", () => answering({ port: server.address().port }, seats.answers(step)));
