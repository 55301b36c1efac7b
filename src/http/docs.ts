import { readFile } from "node:fs/promises";
import { escapeHtml } from "./html.ts";
import { routeError } from "./errors.ts";

const assets = new URL("./docs-assets/", import.meta.url);

/** The page's own files, and their types. Nothing else is read. */
const types: Readonly<Record<string, string>> = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "favicon-32x32.png": "image/png",
};

// Swagger UI sets styles in elements; scripts are files, and nothing comes from elsewhere.
const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'";

/** The documentation page. Its links are relative, so that it works under any prefix that a proxy or a mount adds. */
export async function docsPage(docsPath: string, openApiPath: string, title: string): Promise<Response> {
  const version = (await readAsset("version")).toString().trim();
  return new Response(html(docsPath, openApiPath, title, version), {
    headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": policy },
  });
}

/** A file of the page. Its address carries the version of what is in it, so it may be kept for ever. */
export async function docsFile(name: string): Promise<Response | undefined> {
  const headers = { "cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff" };
  if (name === "init.js") {
    return new Response(initScript, { headers: { ...headers, "content-type": "text/javascript; charset=utf-8" } });
  }
  const type = Object.hasOwn(types, name) ? types[name] : undefined;
  if (type === undefined) return undefined;
  return new Response(await readAsset(name), { headers: { ...headers, "content-type": type } });
}

async function readAsset(name: string): Promise<Buffer<ArrayBuffer>> {
  try {
    return await readFile(new URL(name, assets));
  } catch (cause) {
    throw routeError("DOCS_ASSETS", `The documentation page has no ${name}.`, { cause });
  }
}

function html(docsPath: string, openApiPath: string, title: string, version: string): string {
  const up = "../".repeat(docsPath.split("/").length - 2);
  const file = (name: string): string => `${docsPath.slice(docsPath.lastIndexOf("/") + 1)}/${name}?v=${version}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="${file("favicon-32x32.png")}">
<link rel="stylesheet" href="${file("swagger-ui.css")}">
</head>
<body>
<div id="docs" data-openapi="${escapeHtml(up + openApiPath.slice(1))}"></div>
<script src="${file("swagger-ui-bundle.js")}"></script>
<script src="${file("init.js")}"></script>
</body>
</html>
`;
}

// validatorUrl: the page would otherwise show a badge that it asks another site for.
const initScript = `const element = document.getElementById("docs");
SwaggerUIBundle({ url: element.dataset.openapi, domNode: element, deepLinking: true, validatorUrl: null });
`;
