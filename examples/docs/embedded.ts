import { listen } from "livespan/node";
import app from "./first-app.ts";

/** An app inside a program that keeps its signals and its exit to itself. */
export async function askOnce(): Promise<unknown> {
  const server = await listen(app, { port: 0 });
  try {
    const response = await fetch(`${server.address?.url}/predict?x=2`);
    return await response.json();
  } finally {
    await server.stop();
  }
}
