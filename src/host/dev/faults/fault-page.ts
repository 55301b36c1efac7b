import { randomBytes } from "node:crypto";
import { faultHeader, restOf, type Report } from "./fault.ts";

/** The document that browsers get while nothing serves, and the policy that lets nothing else run in it. */
export function faultPage(report: Report, id: string): { readonly html: string; readonly policy: string } {
  const nonce = randomBytes(16).toString("base64");
  const policy = `default-src 'none'; connect-src 'self'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'`;
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escaped(report.title)}</title>
<style nonce="${nonce}">${style}</style>
</head>
<body>
<main>
${bodyOf(report)}
<p class="note">This page comes back by itself once a save mends it.</p>
</main>
<script nonce="${nonce}">const shown = ${JSON.stringify(id)};${script}</script>
</body>
</html>
`;
  return { html, policy };
}

function bodyOf(report: Report): string {
  const { title, said, where, code, excerpt } = report;
  const { trail, remedy } = restOf(report);
  const parts = [
    `<h1>${escaped(title)}${code === undefined ? "" : ` <code>${escaped(code)}</code>`}</h1>`,
    `<p class="said">${escaped(said)}</p>`,
    where === undefined ? "" : `<p class="where"><code>${escaped(where)}</code></p>`,
    excerpt.length === 0 ? "" : `<pre>${excerpt.map(lineOf).join("\n")}</pre>`,
    trail.length === 0 ? "" : `<ul>${trail.map((each) => `<li>${escaped(each)}</li>`).join("")}</ul>`,
    remedy === undefined ? "" : `<p class="remedy">${escaped(remedy)}</p>`,
  ];
  return parts.filter((part) => part !== "").join("\n");
}

function lineOf(line: string): string {
  return line.startsWith(">") || /^ +\| *\^$/.test(line) ? `<b>${escaped(line)}</b>` : escaped(line);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

const style = `
:root { --ink: #1d1f24; --soft: #646b78; --paper: #fbfbfa; --sheet: #f1f1ee; --line: #dcdcd6; --red: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e9ec; --soft: #9aa1ae; --paper: #16181c; --sheet: #1f2228; --line: #30343c; --red: #ff8a80; }
}
body { margin: 0; border-top: 4px solid var(--red); background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 56rem; margin: 0 auto; padding: 12vh 1.5rem 4rem; }
h1 { margin: 0 0 1rem; font-size: 1rem; font-weight: 600; color: var(--red); }
h1 code { margin-left: .5rem; padding: .1rem .4rem; border: 1px solid var(--line); border-radius: 4px; color: var(--soft); }
.said { margin: 0 0 1.25rem; font-size: 1.375rem; line-height: 1.35; white-space: pre-wrap; overflow-wrap: anywhere; }
code, pre, li { font: 14px/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.where { margin: 0 0 .5rem; color: var(--soft); }
pre { margin: 0 0 1rem; padding: 1rem; background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; overflow-x: auto; tab-size: 2; color: var(--soft); }
pre b { font-weight: 500; color: var(--ink); }
ul { margin: 0 0 1rem; padding: 0; list-style: none; color: var(--soft); }
.remedy { margin: 0 0 1rem; }
.note { margin: 2.5rem 0 0; color: var(--soft); font-size: .875rem; }
`;

/** Asks until something else is said than this page does, and shows that. What is asked waits while the newest code starts. */
const script = `
const look = async () => {
  try {
    const answer = await fetch(location.href, { method: "HEAD", headers: { accept: "text/html" } });
    if (answer.headers.get("${faultHeader}") !== shown) return location.reload();
  } catch {}
  setTimeout(look, 500);
};
setTimeout(look, 500);
`;
