/** An AbortController that is only made when somebody looks at its signal: most are never looked at. */
export class Aborter {
  private controller: AbortController | undefined;
  private why: { readonly reason: unknown } | undefined;

  get aborted(): boolean {
    return this.why !== undefined;
  }
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.why !== undefined) this.controller.abort(this.why.reason);
    }
    return this.controller.signal;
  }

  /** The first reason counts. */
  abort(reason: unknown): void {
    if (this.why !== undefined) return;
    this.why = { reason };
    this.controller?.abort(reason);
  }
}
