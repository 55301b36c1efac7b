import type { App } from "./app.ts";
import { appError } from "./errors.ts";
import { combine, messageOf } from "../kernel/errors.ts";

/** What a host says to an app. */
export type ToApp = { readonly type: "lifespan.startup" } | { readonly type: "lifespan.shutdown" };

/** What an app answers. */
export type FromApp =
  | { readonly type: "lifespan.startup.complete" }
  | { readonly type: "lifespan.startup.failed"; readonly message: string }
  | { readonly type: "lifespan.shutdown.complete" }
  | { readonly type: "lifespan.shutdown.failed"; readonly message: string };

/** The two ends of a conversation between a host and an app. */
export interface LifespanChannel {
  receive(): Promise<ToApp>;
  send(message: FromApp): Promise<void> | void;
}

/**
 * Lets a foreign host drive an app by messages, as the ASGI lifespan protocol does: a startup message starts it, a shutdown
 * message stops it, each is answered. Settles when the app has stopped; rejects, after the answer, with what failed. When
 * the channel itself breaks in between, the app is stopped all the same and both errors are kept.
 */
export async function lifespanProtocol(app: App<unknown>, channel: LifespanChannel): Promise<void> {
  await expect(channel, "lifespan.startup");
  try {
    await app.start();
  } catch (error) {
    return tell(channel, "lifespan.startup.failed", error);
  }
  try {
    await channel.send({ type: "lifespan.startup.complete" });
    await expect(channel, "lifespan.shutdown");
  } catch (error) {
    await stopAfter(app, error);
  }
  try {
    await app.stop();
  } catch (error) {
    return tell(channel, "lifespan.shutdown.failed", error);
  }
  await channel.send({ type: "lifespan.shutdown.complete" });
}

async function expect(channel: LifespanChannel, type: ToApp["type"]): Promise<void> {
  const message: { readonly type: string } = await channel.receive();
  if (message.type === type) return;
  throw appError("PROTOCOL_MESSAGE", `the lifespan protocol expected "${type}", got ${JSON.stringify(message.type)}.`);
}

/** Answers with a failure and rejects with it; a channel that breaks meanwhile does not hide it. */
async function tell(
  channel: LifespanChannel,
  type: "lifespan.startup.failed" | "lifespan.shutdown.failed",
  error: unknown,
): Promise<never> {
  try {
    await channel.send({ type, message: messageOf(error) });
  } catch (broken) {
    throw combine([error, broken], "the app failed, and the host's channel broke");
  }
  throw error;
}

async function stopAfter(app: App<unknown>, broken: unknown): Promise<never> {
  try {
    await app.stop();
  } catch (error) {
    throw combine([broken, error], "the host's channel broke, and the app did not stop cleanly");
  }
  throw broken;
}
