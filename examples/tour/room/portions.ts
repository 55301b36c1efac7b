/** The end of a paragraph, and of a sentence. */
const breaks = [/\n\s*\n/g, /[.!?…]["'”’)\]]*\s+/g, /\s+/g];

/**
 * Where the portion of a text ends that begins at `from`: at the end of a paragraph, or else of a sentence, or else of a word.
 * The longer the text the larger are its portions, so that there are some hundred at most.
 */
export function portionEnd(text: string, from: number): number {
  const least = Math.min(Math.max(Math.ceil(text.length / 120), 160), 2_000);
  const most = from + 4 * least;
  if (text.length - from <= least) return text.length;
  for (const pattern of breaks) {
    pattern.lastIndex = from + least;
    const found = pattern.exec(text);
    const end = found === null ? text.length : found.index + found[0].length;
    if (end <= most) return end;
  }
  // One word that goes on and on; a character beyond 16 bits is not cut in two.
  const isHalf = /[\uD800-\uDBFF]/.test(text.charAt(most - 1));
  return Math.min(isHalf ? most + 1 : most, text.length);
}
