import type { ServerFrame } from "../wire/frames.ts";
import { loadRichCodec, richCodec, type RichCodec } from "./rich.ts";

type RichFrame = Extract<ServerFrame, readonly [keyof typeof richItem, ...unknown[]]>;
/** A frame whose values are values. */
export type PlainFrame = Exclude<ServerFrame, RichFrame>;

/** Where the text of a rich frame stands. */
const richItem = { S: 4, R: 4, D: 3, A: 2 } as const;

/** Reads frames and hands them on in their order, also while the codec of the rich ones is being loaded. */
export class Inbox {
  private readonly take: (frame: PlainFrame) => void;
  private readonly broken: () => void;
  private waiting: ServerFrame[] = [];

  constructor(take: (frame: PlainFrame) => void, broken: () => void) {
    this.take = take;
    this.broken = broken;
  }

  push(text: string): void {
    try {
      // The server's word is taken for what stands in a frame; what is none comes from somebody else.
      const frame = JSON.parse(text) as ServerFrame;
      if (!Array.isArray(frame)) this.broken();
      else if (this.waiting.length > 0) this.waiting.push(frame);
      else if (isRich(frame)) this.open(frame);
      else this.take(frame);
    } catch {
      this.broken();
    }
  }

  clear(): void {
    this.waiting = [];
  }

  private open(frame: RichFrame): void {
    const codec = richCodec();
    if (codec !== undefined) return this.take(plain(frame, codec));
    const waiting = (this.waiting = [frame]);
    loadRichCodec()
      .then((codec) => this.waiting === waiting && this.catchUp(codec))
      .catch(() => this.waiting === waiting && this.broken());
  }

  private catchUp(codec: RichCodec): void {
    const frames = this.waiting;
    this.waiting = [];
    for (const frame of frames) this.take(isRich(frame) ? plain(frame, codec) : frame);
  }
}

function isRich(frame: ServerFrame): frame is RichFrame {
  return frame[0] in richItem;
}

function plain(frame: RichFrame, codec: RichCodec): PlainFrame {
  const at = richItem[frame[0]];
  const items: unknown[] = [...frame];
  items[0] = frame[0].toLowerCase();
  items[at] = codec.parse(String(frame[at]));
  // The tag in small letters has the same items, with the value in place of its text.
  return items as unknown as PlainFrame;
}
