/** How many blocks may follow each other before everything else has its turn. */
const most = 256;
let count = 0;

/**
 * What awaits nothing but blocks goes on without end: where the store answers at once, all its awaits are over before a
 * timer, a socket or a stop has its turn. Every so often this gives them one.
 */
export function breath(): Promise<void> | undefined {
  if (++count < most) return undefined;
  count = 0;
  return new Promise((resolve) => void setImmediate(resolve));
}
