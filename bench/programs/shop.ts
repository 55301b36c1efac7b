import { z } from "zod";

/** The same job for every server: a figure from a query, and the total of an order, both out of the server's state. */
export const shop = {
  answer: (x: number): number => x * 42,
  total: (price: number, quantity: number): number => price * quantity,
};

export const predictQuery = z.object({ x: z.coerce.number() });

export const order = z.object({
  name: z.string().min(1).max(80),
  price: z.number().nonnegative(),
  quantity: z.number().int().min(1),
  tags: z.array(z.string()),
});
