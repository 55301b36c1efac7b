// Socket.IO as its guides show it: the whole state is emitted after each change; or, as "messages", only what came to it.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { answering } from "../../programs/live/answering.ts";
import { Seats } from "./seats.mjs";

const [board, mode] = process.argv.slice(2);
const seats = new Seats(board);
const server = createServer();
const io = new Server(server, {
  serveClient: false,
  transports: ["websocket"],
  ...(mode === "recovered" ? { connectionStateRecovery: { maxDisconnectionDuration: 120_000 } } : {}),
});

function step(seat) {
  return seat.exclusive(() => {
    seats.step(seat.state);
    if (mode === "whole") io.to(seat.token).emit("state", seat.state);
    else io.to(seat.token).emit("line", seat.state.lines.at(-1));
  });
}

io.on("connection", (socket) => {
  const seat = seats.of(socket.handshake.auth.seat);
  if (!socket.recovered) {
    void socket.join(seat.token);
    // Messages are for those who are there; who comes back without recovery gets what comes next.
    if (mode === "whole" || socket.handshake.auth.seat === undefined) socket.emit("begin", seat.token, seat.state);
  }
  socket.on("step", (done) => void step(seat).then(() => done()));
});
server.listen(0, "127.0.0.1", () => answering({ port: server.address().port }, seats.answers(step)));
