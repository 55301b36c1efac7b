import { createHash, randomBytes } from "node:crypto";

/** The cookie with the secret that lets a browser have its tabs. */
const sessionCookie = "livespan_session";
/** The cookie in which a page that is opened again names the tab that it was. */
const tabCookie = "livespan_tab";

/** 32 random bytes in base64url. */
const secretForm = /^[\w-]{43}$/;
const tabForm = /^[\w-]{1,64}$/;

/** What the server keeps of a browser's secret, so that none can be read from a store: a hash of it. */
function nameOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

/** The name of the session of a request, by its Cookie header; undefined without a secret, or with one of another form. */
export function sessionOf(cookieHeader: string | null | undefined): string | undefined {
  const secret = cookieFrom(cookieHeader, sessionCookie, secretForm);
  return secret === undefined ? undefined : nameOf(secret);
}

export interface NewSession {
  readonly name: string;
  /** The value of a Set-Cookie header. The secret is in it and nowhere else. */
  readonly cookie: string;
}

/** A session that no browser has yet. `secure` where it came by https. */
export function newSession(secure: boolean): NewSession {
  const secret = randomBytes(32).toString("base64url");
  const cookie = `${sessionCookie}=${secret}; Path=/; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
  return { name: nameOf(secret), cookie };
}

/** The tab that a request says its page was. It is no credential: whoever is given it asks whether the session has it. */
export function tabOf(cookieHeader: string | null | undefined): string | undefined {
  return cookieFrom(cookieHeader, tabCookie, tabForm);
}

/** Whether a request came by https, also through a proxy that says so. */
export function isSecure(request: Request): boolean {
  const forwarded = request.headers.get("x-forwarded-proto")?.split(",")[0]?.trim();
  return (forwarded ?? new URL(request.url).protocol.slice(0, -1)) === "https";
}

/** 204, and a session for a browser that has none. For pages that this app did not make. */
export function sessionResponse(request: Request): Response {
  const headers = new Headers({ "cache-control": "no-store" });
  if (sessionOf(request.headers.get("cookie")) === undefined) {
    headers.set("set-cookie", newSession(isSecure(request)).cookie);
  }
  return new Response(null, { status: 204, headers });
}

/** The first cookie of that name that has the form: a path or a parent domain may have set others. */
function cookieFrom(header: string | null | undefined, name: string, form: RegExp): string | undefined {
  for (const part of header?.split(";") ?? []) {
    const [key = "", value = ""] = part.split("=", 2);
    if (key.trim() === name && form.test(value.trim())) return value.trim();
  }
  return undefined;
}
