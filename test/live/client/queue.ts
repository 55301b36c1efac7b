/** What came and was not asked for yet, or who asked and waits. */
export class Queue<T> {
  private readonly items: T[] = [];
  private readonly askers: ((item: T) => void)[] = [];

  push(item: T): void {
    const asker = this.askers.shift();
    if (asker === undefined) this.items.push(item);
    else asker(item);
  }

  async next(): Promise<T> {
    const item = this.items.shift();
    return item ?? new Promise((resolve) => void this.askers.push(resolve));
  }

  get length(): number {
    return this.items.length;
  }
}
