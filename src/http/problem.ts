/** The body of a problem (RFC 9457). Members beyond the standard ones are the problem's own. */
export interface ProblemBody {
  /** Identifies the kind of problem; "about:blank" when the status says it all. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly [member: string]: unknown;
}

export interface ProblemOptions {
  readonly type?: string;
  readonly title?: string;
  /** Headers of the response, such as `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Members beside the standard ones. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  426: "Upgrade Required",
  428: "Precondition Required",
  429: "Too Many Requests",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** A failure that the client is told of. Throw or return it; it becomes an `application/problem+json` response. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly body: ProblemBody;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail?: string, options: ProblemOptions = {}) {
    const title = options.title ?? titles[status] ?? "Error";
    super(detail ?? title, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.headers = options.headers ?? {};
    this.body = {
      type: options.type ?? "about:blank",
      title,
      status,
      ...(detail === undefined ? {} : { detail }),
      ...options.members,
    };
  }

  /** Also what Hono asks an error for, so that a problem stays one under any error handler. */
  getResponse(): Response {
    return new Response(JSON.stringify(this.body), {
      status: this.status,
      headers: { "content-type": "application/problem+json", ...this.headers },
    });
  }
}

/** `throw problem(404, "There is no such item.")` */
export function problem(status: number, detail?: string, options?: ProblemOptions): Problem {
  return new Problem(status, detail, options);
}
