import type { Hello } from "../wire/frames.ts";
import { mostWants, protocol } from "../wire/frames.ts";
import { type Incoming, isCount, isFields, isTextOrNone, isWant, Misfit } from "./incoming.ts";
import { liveError } from "../errors.ts";

/** What the first frame of a client says; an error, BAD_FRAME or PROTOCOL, when it is no hello that can be answered. */
export function helloOf(frame: Incoming | Misfit): Hello | Error {
  if (frame instanceof Misfit) return bad(`it was not understood: ${frame.what}`);
  if (frame[0] !== "h") return bad(`it has the tag ${JSON.stringify(frame[0])}`);
  const said = frame[1];
  if (!isFields(said)) return bad("it says nothing");
  // Before anything else: that may mean something else in another version.
  if (isCount(said.protocol) && said.protocol !== protocol) {
    return liveError("PROTOCOL", `The client speaks version ${said.protocol}, and the server ${protocol}.`);
  }
  return read(said);
}

function read({ tab, copyOf, schema, wants, ...said }: Readonly<Record<string, unknown>>): Hello | Error {
  if (said.protocol !== protocol) return bad("it has no protocol");
  if (!isTextOrNone(tab) || !isTextOrNone(copyOf) || !isTextOrNone(schema)) {
    return bad("its tab, copyOf or schema is no text");
  }
  if (!Array.isArray(wants) || !wants.every(isWant)) return bad("its wants are no list of wants");
  if (wants.length > mostWants) return bad(`it has ${wants.length} wants, of ${mostWants} at most`);
  return {
    protocol,
    wants,
    ...(tab !== undefined && { tab }),
    ...(copyOf !== undefined && { copyOf }),
    ...(schema !== undefined && { schema }),
  };
}

function bad(what: string): Error {
  return liveError("BAD_FRAME", `The first frame is to be a hello, but ${what}.`);
}
