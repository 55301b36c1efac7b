import { lexer, type Token } from "marked";

/** A Markdown text as a person reads it. */
export interface Prose {
  /** The first heading of the first level, if there is one. */
  readonly title: string | undefined;
  /** Paragraphs, headings, items and cells, with an empty line between them; no code, no HTML, no addresses. */
  readonly text: string;
}

export function proseOf(markdown: string): Prose {
  const tokens = lexer(markdown);
  const heading = tokens.find((token) => token.type === "heading" && token.depth === 1);
  const title = heading === undefined ? "" : inline(heading).trim();
  return { title: title === "" ? undefined : title, text: tokens.flatMap(blocks).join("\n\n") };
}

/** The texts of a block, one for each paragraph in it. */
function blocks(token: Token): string[] {
  switch (token.type) {
    case "blockquote":
    case "list_item":
      return (token.tokens ?? []).flatMap(blocks);
    case "list":
      return token["items"].flatMap(blocks);
    case "table":
      return [token["header"], ...token["rows"]].flat().map(inline).filter(isText);
    case "heading":
    case "paragraph":
    case "text":
      return [inline(token)].filter(isText);
    default:
      return [];
  }
}

function inline(token: Token): string {
  if (token.type === "image" || token.type === "html") return "";
  if (token.type === "br") return " ";
  if ("tokens" in token && token.tokens !== undefined) return token.tokens.map(inline).join("");
  return "text" in token ? token.text : "";
}

function isText(text: string): boolean {
  return text.trim() !== "";
}
