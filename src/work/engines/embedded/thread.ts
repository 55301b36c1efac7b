// The entry of the thread that has the file: it answers calls in their order, and says when another process has written.
import type { FromThread, PostedCall, ThreadOptions, ToThread } from "./message.ts";
import { failureOf } from "./failure.ts";
import { Others } from "./others.ts";
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from "node:worker_threads";
import { shown } from "./folder.ts";
import { Store } from "./store.ts";

// Both are there in a thread that was started by `spawn.ts`, and this file is run by nothing else.
serve(parentPort as MessagePort, workerData as ThreadOptions);

function serve(port: MessagePort, options: ThreadOptions): void {
  const say = (message: FromThread) => port.postMessage(message);
  const store = open(options, say);
  if (store === undefined) return port.close();
  say({ kind: "opened" });
  const others = new Others(options.file, store, () => say({ kind: "changed" }));
  port.on("message", (first: ToThread) => {
    const { calls, isLast } = waiting(port, first);
    if (calls.length > 0) say({ kind: "answers", ...store.perform(calls) });
    if (!isLast) return;
    others.close();
    store.close();
    port.close();
  });
}

function open(options: ThreadOptions, say: (message: FromThread) => void): Store | undefined {
  try {
    return new Store(options);
  } catch (error) {
    say({ kind: "refused", failure: failureOf(error, shown(options.file)) });
    return undefined;
  }
}

/** Takes what has come in the meantime as well: it is one transaction. */
function waiting(port: MessagePort, first: ToThread): { readonly calls: PostedCall[]; readonly isLast: boolean } {
  const calls: PostedCall[] = [];
  let next: { readonly message: ToThread } | undefined = { message: first };
  while (next !== undefined && next.message !== "close") {
    calls.push(...next.message);
    next = receiveMessageOnPort(port);
  }
  return { calls, isLast: next !== undefined };
}
