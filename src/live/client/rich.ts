/** The part of devalue that a page needs, loaded when the first value comes that JSON cannot carry. */
export interface RichCodec {
  parse(text: string): unknown;
  stringify(value: unknown): string;
}

let loaded: RichCodec | undefined;

/** The codec, once it is loaded. */
export const richCodec = (): RichCodec | undefined => loaded;

export async function loadRichCodec(): Promise<RichCodec> {
  return (loaded ??= await import("devalue"));
}
