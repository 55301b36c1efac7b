// Both ends read this: the page, to say at once what cannot be read, and the server, which does not rely on that.

/** What of a text can be read at once, in bytes of UTF-8. */
export const mostBytes = 131_072;

/** The UTF-16 units of one event: six bytes each at worst, as JSON, and so below the 64 KiB that a frame may have. */
export const partLength = 10_000;

/** Why a text cannot be read, in words for whoever sent it; undefined when it can. */
export function faultOf(text: string): string | undefined {
  if (text.trim() === "") return "There is nothing to read: the text is empty.";
  if (text.includes("\0")) return "This looks like a binary file, not like a text.";
  const bytes = new TextEncoder().encode(text).length;
  return bytes > mostBytes ? tooLong(bytes) : undefined;
}

export function tooLong(bytes: number): string {
  return `The text has ${kilobytes(bytes)}; at most ${kilobytes(mostBytes)} can be read at once.`;
}

/** The text of a file. @throws Error with a message for whoever chose it */
export async function textOf(file: File): Promise<string> {
  if (file.size > mostBytes) throw new Error(`“${file.name}”: ${tooLong(file.size)}`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch (cause) {
    throw new Error(`“${file.name}” is not a text in UTF-8. Save it as one, and choose it again.`, { cause });
  }
}

/** What a text is called that was given no name: its first line, as far as it goes. */
export function titleOf(text: string): string {
  const [line = ""] = text.trim().split("\n", 1);
  const plain = line.replace(/^[#\s>*-]+/, "").trim();
  if (plain === "") return "Untitled";
  return plain.length <= 70 ? plain : `${plain.slice(0, 70).replace(/\s+\S*$/, "")}…`;
}

/** Cuts a text into what events can carry. */
export function partsOf(text: string): readonly string[] {
  const parts: string[] = [];
  for (let at = 0; at < text.length; at += partLength) parts.push(text.slice(at, at + partLength));
  return parts;
}

function kilobytes(bytes: number): string {
  const kilo = bytes / 1_024;
  return kilo < 1_000 ? `${Math.ceil(kilo)} KB` : `${(kilo / 1_024).toFixed(1)} MB`;
}
