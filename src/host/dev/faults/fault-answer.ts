import { createHash } from "node:crypto";
import type { Fetch } from "../../../http/server.ts";
import { faultHeader, type Report } from "./fault.ts";
import { faultPage } from "./fault-page.ts";
import { problem } from "../../../http/problem.ts";
import { shownFile } from "./place.ts";

/** Answers every request with why nothing serves: a page for browsers, a problem for the rest. */
export function faultAnswer(report: Report): Fetch {
  const { title, said, where, code, place, remedy, excerpt } = report;
  const id = createHash("sha256").update(JSON.stringify(report)).digest("base64url");
  const headers = { "retry-after": "1", "cache-control": "no-store", [faultHeader]: id };
  const detail = where === undefined ? said : `${where}: ${said}`;
  const at = place && { file: shownFile(place.file), line: place.line, column: place.column };
  const members = { code, ...at, remedy, ...(excerpt.length > 0 && { frame: excerpt.join("\n") }) };
  return (request) => {
    if (request.headers.get("accept")?.includes("text/html") !== true) {
      return problem(503, detail, { title, headers, members }).getResponse();
    }
    const { html, policy } = faultPage(report, id);
    const type = { "content-type": "text/html; charset=utf-8", "content-security-policy": policy };
    return new Response(html, { status: 503, headers: { ...headers, ...type } });
  };
}
