/** Who waits for one of so many connections, in the order of asking. */
export class Line {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(places: number) {
    this.free = places;
  }

  /** Takes a place if there is one. */
  enter(): boolean {
    if (this.free === 0) return false;
    this.free--;
    return true;
  }

  /** Calls `go` when it has a place. The returned function gives up waiting. */
  join(go: () => void): () => void {
    this.waiting.push(go);
    return () => {
      const at = this.waiting.indexOf(go);
      if (at >= 0) this.waiting.splice(at, 1);
    };
  }

  leave(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free++;
    else next();
  }
}
