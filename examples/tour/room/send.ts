import { useDesk } from "./states.ts";
import { faultOf, partsOf } from "./text.ts";

/** Gives a text to the server, part by part. @throws Error with a message for whoever sent it */
export async function send(title: string, text: string): Promise<void> {
  const fault = faultOf(text);
  if (fault !== undefined) throw new Error(fault);
  const parts = partsOf(text);
  for (const [part, piece] of parts.entries()) {
    const { refused } = await useDesk.events.offer({ part, parts: parts.length, title, text: piece });
    if (refused !== undefined) throw new Error(refused);
  }
}
