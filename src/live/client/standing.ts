import type { LiveError } from "./error.ts";
import type { Status } from "./live-client.ts";

/** How a client stands, and who is told when that changes. */
export class Standing {
  status: Status = "resuming";
  reason: LiveError | undefined;
  outdated = false;
  private readonly listeners = new Set<() => void>();

  subscribe(listener: () => void): () => void {
    // Its own function each time: the same listener may be added twice, and removed once.
    const call = (): void => listener();
    this.listeners.add(call);
    return () => void this.listeners.delete(call);
  }

  change({ status = this.status, reason = this.reason, outdated = this.outdated }: Partial<Standing>): void {
    const isSame = status === this.status && reason === this.reason && outdated === this.outdated;
    if (isSame) return;
    [this.status, this.reason, this.outdated] = [status, reason, outdated];
    for (const listener of this.listeners) listener();
  }
}
