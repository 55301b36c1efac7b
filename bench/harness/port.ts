import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Settles at the first accepted connection; asks again every other millisecond until `signal` fires. */
export async function accepts(port: number, signal: AbortSignal): Promise<void> {
  while (!(await answers(port))) await sleep(2, undefined, { signal });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settle = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });
}
