import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Counts the commands that clients send to a Redis. What a script calls is part of its one command. */
export class Monitor {
  private readonly socket: Socket;
  private rest = "";
  private commands: string[] = [];

  private constructor(socket: Socket) {
    this.socket = socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.read(text));
  }

  static async of(port: number): Promise<Monitor> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    const monitor = new Monitor(socket);
    socket.write("MONITOR\r\n");
    await once(socket, "data");
    return monitor;
  }

  /** How many came since the last call. */
  async count(): Promise<number> {
    // What was done before this is in the stream before it: Redis feeds it in order, and the ping comes last.
    const mark = `mark-${Math.random()}`;
    const pinging = connect(this.socket.remotePort!, "127.0.0.1");
    pinging.end(`ECHO ${mark}\r\n`);
    while (!this.commands.some((line) => line.includes(mark))) await once(this.socket, "data");
    const counted = this.commands.length - 1;
    this.commands = [];
    return counted;
  }

  close(): void {
    this.socket.destroy();
  }

  private read(text: string): void {
    const lines = (this.rest + text).split("\r\n");
    this.rest = lines.pop()!;
    // "+1700000000.123456 [0 127.0.0.1:50000] "GET" "key"", with "lua" in place of the address inside scripts.
    this.commands.push(...lines.filter((line) => /^\+[\d.]+ \[/.test(line) && !/^\+[\d.]+ \[\d+ lua\]/.test(line)));
  }
}
