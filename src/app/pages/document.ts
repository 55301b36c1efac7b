import type { PageData } from "../../live/client/page.ts";
import type { PageLinks } from "./source.ts";
import type { PageOptions } from "./page.ts";
import { escapeHtml } from "../../http/html.ts";

export interface DocumentParts {
  readonly page: Pick<PageOptions, "title" | "lang" | "head">;
  readonly links: PageLinks;
  /** The page's markup; empty where the browser is to render it. */
  readonly markup: string;
  readonly data: PageData;
}

/** A page's document. Its only scripts are files, so that a policy of `script-src 'self'` lets it work. */
export function documentOf({ page, links, markup, data }: DocumentParts): string {
  const { title, lang = "en", head = "" } = page;
  const tags = [
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    ...(title === undefined ? [] : [`<title>${escapeHtml(title)}</title>`]),
    ...links.styles.map((href) => styleLink(href, links.styleIds?.get(href))),
    ...links.preloads.map((href) => `<link rel="modulepreload" href="${escapeHtml(href)}">`),
    scriptLink(links.script),
    ...(head === "" ? [] : [head]),
  ];
  return `<!doctype html>
<html lang="${escapeHtml(lang)}">
<head>
${tags.join("\n")}
</head>
<body>
<div id="root">${markup}</div>
<script type="application/json" id="livespan-data">${inertJson(data)}</script>
</body>
</html>
`;
}

function scriptLink(src: string): string {
  return `<script type="module" src="${escapeHtml(src)}"></script>`;
}

function styleLink(href: string, id: string | undefined): string {
  const named = id === undefined ? "" : ` data-vite-dev-id="${escapeHtml(id)}"`;
  return `<link rel="stylesheet" href="${escapeHtml(href)}"${named}>`;
}

/** A document that says what went wrong, for whoever develops the page. */
export function faultDocument(title: string, text: string, script?: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>${script === undefined ? "" : `\n${scriptLink(script)}`}
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<pre>${escapeHtml(text)}</pre>
</body>
</html>
`;
}

/** JSON in which nothing ends the element that it stands in, and that older scripts can read as well. */
function inertJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
